//! Ports: who may have them, who may share them, and how they are chosen (RFC 6056, RFC 6335).

super::mutants! {
    "address-unseen-by-wildcard" "RFC6335-7.2-a" "Who wants all addresses does not see who has one."
        "sock/shelves.rs" "fn all_of"
        "[Some(Self::Every(scope)), ⟦among⟧]" => "None",
        "sock::bind::tests::conflicts_are_those_of_linux",
    "claims-of-any-terms" "RFC9293-MUST-42" "Claims of all terms are taken for one."
        "sock/shelves.rs" "fn place"
        "class.spot == spot && class.terms == *terms" => "class.spot == spot",
        "sock::shelves::tests::what_stands_on_a_shelf_is_found",
    "share-with-listener" "RFC9293-MUST-42" "SO_REUSEADDR on both sides shares the port of a listener."
        "sock/profile.rs" "fn on_linux"
        "old.standing != Standing::Listening" => "true",
        "sock::bind::tests::conflicts_are_those_of_linux",
    "share-one-sided" "RFC9293-MUST-42" "SO_REUSEADDR of the newcomer alone shares a port."
        "sock/profile.rs" "fn on_linux"
        "if ⟦old.reuse_addr && new.reuse_addr⟧ &&" => "new.reuse_addr",
        "sock::bind::tests::conflicts_are_those_of_linux" "binding::a_port_in_time_wait_is_for_those_who_share_it_as_the_old_server_did",
    "group-across-users" "RFC6335-7.2-a" "A group with SO_REUSEPORT takes sockets of other users in."
        "sock/profile.rs" "fn on_linux"
        "old.user == new.user" => "true",
        "binding::a_group_has_one_user_and_an_address_may_have_several",
    "group-without-options" "RFC6335-7.2-a" "Sockets of one user share a port although the old one did not want it."
        "sock/profile.rs" "fn on_linux"
        "if ⟦old.reuse_port⟧ &&" => "true",
        "sock::bind::tests::conflicts_are_those_of_linux",
    "group-forgotten" "RFC6335-7.2-a" "A port forgets who was the last to share it."
        "sock/profile.rs" "fn remembers_sharing"
        "Self::Linux => ⟦true⟧" => "false",
        "sock::bind::tests::who_shared_last_speaks_for_the_port",
    "devices-meet" "RFC6335-7.2-a" "Sockets of different devices are in each other's way."
        "sock/bind.rs" "fn may_meet"
        "self.device.is_none() || other.device.is_none() || self.device == other.device" => "true",
        "binding::a_scope_ties_a_socket_to_its_device",
    "list-without-head" "RFC6335-7.2-a" "Every datagram socket on a port is asked, and not the head of the list alone."
        "sock/profile.rs" "fn first_to_share_decides"
        "Self::Linux => ⟦true⟧" => "false",
        "sock::bind::tests::who_shared_last_speaks_for_the_port",
    "connect-takes-bound-ports" "RFC6056-3.1-a" "A port that somebody has bound is chosen for connections."
        "sock/bind.rs" "fn free_to_connect"
        "desk.holders == desk.by_connect" => "true",
        "sock::bind::tests::a_port_serves_those_who_connect_while_nobody_asked_for_it",
    "chosen-port-shared" "RFC6335-8.1.2-a" "A stream that leaves the port to the host gets one that others hold."
        "sock/bind.rs" "fn free_to_bind"
        "Kind::Stream => ⟦may_share⟧ &&" => "true",
        "binding::shared_ports_are_handed_out_if_the_host_says_so_and_nobody_listens",
    "privilege-for-all" "RFC1340-Well_Known_Port_Numbers-a" "Any user may bind any port."
        "ports.rs" "fn permits"
        "user == User::ROOT" => "true",
        "ports::tests::only_the_privileged_bind_below_the_start" "binding::the_privilege_is_of_whoever_calls",
    "range-of-privileged-ports" "RFC6056-3.2-b" "The range that ports are chosen from reaches into the privileged ones."
        "ports.rs" "fn set_ephemeral"
        "range.first().number() >= self.unprivileged_start" => "true",
        "ports::tests::a_range_is_taken_exactly_if_it_is_one_and_anybody_may_bind_its_ports",
    "privileged-ports-in-range" "RFC6056-3.2-b" "Ports become privileged that are chosen for anybody."
        "ports.rs" "fn set_unprivileged_start"
        "*start <= self.ephemeral.first().number()" => "true",
        "ports::tests::privileged_ports_end_before_those_that_are_chosen",
    "reserved-bound" "RFC6056-3.2-b" "Reserved ports are chosen for sockets that are bound."
        "ports/ephemeral.rs" "fn to_bind"
        "!pool.reserved.contains(*port)" => "true",
        "ports::ephemeral::tests::what_is_picked_is_free_and_in_range",
    "reserved-connected" "RFC6056-3.2-b" "Reserved ports are chosen for connections."
        "ports/ephemeral.rs" "fn to_connect"
        "!pool.reserved.contains(*port)" => "true",
        "ports::ephemeral::tests::what_is_picked_is_free_and_in_range",
    "increment-of-one" "RFC6056-3.3.5-a" "The counter grows by one."
        "ports/ephemeral.rs" "fn increments"
        "draw(choices, INCREMENT_MAX) + 1" => "1",
        "ports::ephemeral::tests::increments_are_random_from_one_to_the_largest",
    "start-not-random" "RFC6056-3.3.1-a" "The search begins at the lowest port."
        "ports/ephemeral.rs" "fn simple"
        "draw(choices, range.count())" => "0",
        "ports::ephemeral::tests::the_spread_of_datagram_ports_is_even",
    "connect-with-any-parity" "RFC6056-3.3.4-a" "Connections begin with either parity."
        "ports/ephemeral/linux.rs" "fn to_connect"
        "start & !1" => "start",
        "ports::ephemeral::tests::linux_connects_from_the_parity_of_the_lowest_port_until_there_is_none",
    "connect-in-steps-of-two" "RFC6056-3.3.4-a" "The ports of a destination can be foretold."
        "ports/ephemeral/linux.rs" "fn to_connect"
        "draw(choices, 8) * step" => "0",
        "ports::ephemeral::tests::linux_goes_on_in_random_even_steps_for_each_destination",
    "bind-with-any-parity" "RFC6056-3.3.4-a" "Ports for bind begin with either parity, and take those of connections."
        "ports/ephemeral/linux.rs" "fn from_random"
        "draw(choices, count) | 1" => "draw(choices, count).max(1)",
        "ports::ephemeral::tests::the_spread_of_stream_ports_is_even_over_the_odd_half",
    "upper-half-first" "RFC6056-3.3.4-a" "A socket that shares its address gets ports of the whole range at once."
        "ports/ephemeral/linux.rs" "fn to_bind"
        "if ⟦!low_first⟧ ||" => "true",
        "ports::ephemeral::tests::who_shares_by_address_gets_odd_ports_of_the_lower_half",
    "short-name" "RFC3493-3.7-a" "A name of IPv4 may lack an octet."
        "sock/sockaddr.rs" "fn v4"
        "name.len() < V4_OCTETS" => "false",
        "sock::sockaddr::tests::lengths_and_families_are_taken_as_linux_takes_them",
    "name-without-family" "RFC3493-3.7-a" "A name without a family is bound whatever its address."
        "sock/sockaddr.rs" "fn to_bind"
        "family == AF_UNSPEC && ⟦meant.ip().is_unspecified()⟧" => "true",
        "sock::sockaddr::tests::lengths_and_families_are_taken_as_linux_takes_them",
    "address-before-privilege" "RFC9293-3.10.1-d" "A socket of IPv6 learns first that an address is not its own."
        "sock/local.rs" "fn bind"
        "self.bounds.profile.looks_at_v6_address_last()" => "false",
        "binding::an_ipv6_socket_learns_of_its_address_last",
    "scope-of-no-device" "RFC4007-6-a" "Any scope means the interface."
        "sock/local.rs" "fn check_v6"
        "name::device(name.scope_id())" => "Some(Device::Interface)",
        "binding::a_scope_ties_a_socket_to_its_device",
    "foreign-address" "RFC9293-3.10.1-d" "Any address can be bound."
        "sock/local.rs" "fn check_v4"
        "(usable || ⟦nonlocal⟧ ||" => "true",
        "binding::a_foreign_address_is_for_those_who_ask_for_it",
    "transparent-for-all" "RFC9293-3.10.1-d" "Any user may take foreign addresses as its own."
        "sock/local.rs" "fn check_permission"
        "needs_privilege && user != User::ROOT" => "false",
        "binding::a_foreign_address_is_for_those_who_ask_for_it" "binding::a_scope_ties_a_socket_to_its_device",
}
