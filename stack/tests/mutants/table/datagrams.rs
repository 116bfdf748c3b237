//! Datagram sockets, groups, and who of several takes what arrives (RFC 768, RFC 1112, RFC 1122 section 4.1).

super::mutants! {
    "any-device-heard" "RFC1122-3.3.4.2-c" "A socket hears what arrives on another device than its own."
        "sock/waiting.rs" "fn takes"
        "self.device.is_none_or(|own| own == device)" => "true",
        "datagrams::an_address_of_the_interface_counts_as_arriving_there",
    "device-weighs-nothing" "RFC768-IP_Interface-a" "A socket on the device has no precedence."
        "sock/waiting.rs" "fn of(self"
        "1 + ⟦4 * (device + former)⟧ + family" => "0",
        "sock::demux::tests::a_device_counts_among_datagram_sockets_and_a_sharing_group_ends_the_search",
    "former-peer-forgotten" "RFC8085-5.1-c" "A disconnected socket of IPv6 hears everybody, as it does not on Linux."
        "sock/waiting.rs" "fn takes"
        "dst.is_ipv4() || self.former.is_none_or(|former| src == former)" => "true",
        "datagrams::a_disconnected_socket_of_ipv6_hears_the_address_of_its_peer_alone",
    "somebody-elses-refusal" "RFC1122-4.1.3.1-a" "This host says of an address that is not its own that nobody is there."
        "sock/deliver.rs" "fn refuse_datagram"
        "incoming.dst.is_ipv4() && !is_own(net, incoming.dst)" => "false",
        "devices::over_the_loopback_device_nobody_speaks_for_anothers_address",
    "wildcard-before-address" "RFC9293-MUST-42" "The wildcard takes what is for a bound address."
        "sock/waiting.rs" "fn taker"
        "level(Some(tuple.local.addr)).or_else(|| level(None))" => "level(None).or_else(|| level(Some(tuple.local.addr)))",
        "sock::demux::tests::the_stronger_claim_wins_whatever_the_order_of_binding",
    "bound-first-asked-first" "RFC768-IP_Interface-a" "Of equals the one bound first wins."
        "sock/waiting.rs" "fn link"
        "(NONE, first)" => "(last, NONE)",
        "sock::demux::tests::of_equals_the_one_bound_last_wins_and_after_it_the_one_before",
    "search-goes-on-behind-a-group" "RFC9293-MUST-42" "A heavier socket is looked for behind a group that shares."
        "sock/waiting.rs" "fn taker_at"
        "queue.stand.sharer.is_some()" => "false",
        "sock::demux::tests::a_device_counts_among_datagram_sockets_and_a_sharing_group_ends_the_search",
    "one-member-gets-all" "RFC9293-MUST-42" "One member of a group that shares a port gets all connections."
        "sock/waiting.rs" "fn of(&self"
        "chosen().unwrap_or(self.first)" => "self.first",
        "sharing::connections_spread_over_the_listeners_that_share" "datagrams::conversations_spread_over_a_group_and_stay_with_their_member",
    "member-changes" "RFC9293-MUST-42" "What a conversation says does not choose the member of a group."
        "sock/waiting.rs" "fn of(&self"
        "tuple.spread().checked_rem(size)?" => "size - 1",
        "sharing::connections_spread_over_the_listeners_that_share",
    "group-heard-by-everybody" "RFC1112-7.4-a" "Whoever asked for joined groups alone hears all of them."
        "sock/deliver.rs" "fn hears_group"
        "datagram.groups.iter().any(joined) || all" => "true",
        "groups::a_group_is_heard_in_this_host_by_whom_linux_lets_hear_it",
    "group-of-every-device" "RFC1112-7.4-a" "A group joined on one device is heard on all."
        "sock/deliver.rs" "fn hears_group"
        "*on == device" => "true",
        "groups::a_group_is_heard_in_this_host_by_whom_linux_lets_hear_it",
    "group-that-nobody-joined" "RFC1112-7.4-a" "This host hears what it sends to a group that it is not in."
        "sock/deliver.rs" "fn deliver_to_all"
        "⟦!incoming.dst.is_multicast()⟧ || self.groups" => "true",
        "groups::a_group_is_heard_in_this_host_by_whom_linux_lets_hear_it",
    "peer-without-port-deaf" "RFC768-IP_Interface-a" "Who has an address for a peer hears nothing from it."
        "sock/deliver.rs" "fn datagram_taker"
        "self.datagrams.has_peers_without_port()" => "false",
        "datagrams::a_port_that_is_zero_is_refused_to_sendto_alone",
    "nobody-here-says-nothing" "RFC1122-4.1.3.1-a" "Within the host nobody is told that a port is closed."
        "sock/deliver.rs" "fn refuse_datagram"
        "self.tell_of_trouble(slot, ErrorKind::Unreachable(code), &sender, datagram.payload)" => "false",
        "datagrams::an_error_is_told_once_and_outlives_its_peer",
    "error-without-peer" "RFC1122-4.1.3.3-b" "A socket without a peer is told of every error."
        "sock/deliver.rs" "fn tell_of_trouble"
        "lasts && ⟦datagram.peer.is_some()⟧" => "true",
        "datagrams::an_error_is_told_once_and_outlives_its_peer",
    "passing-trouble-told" "RFC1122-3.2.2.1-e" "What may pass is told to whom did not ask for it."
        "sock/deliver.rs" "fn tell_of_trouble"
        "⟦lasts⟧ && datagram.peer.is_some()" => "true",
        "icmp_errors::a_datagram_socket_is_told_what_will_not_go_away",
    "errors-not-kept" "RFC1122-4.1.3.3-a" "Errors are not kept for whom asks for all of them."
        "sock/deliver.rs" "fn tell_of_trouble"
        "datagram.failures.push(limit_octets, failure)" => "",
        "datagrams::whoever_asks_for_all_errors_finds_them_in_order",
    "group-far-away" "RFC1112-6.1-a" "What is for a group has the time to live of everything."
        "sock/datagram.rs" "fn marks_to"
        "dst.is_multicast()" => "false",
        "groups::over_the_wire_a_group_is_heard_where_somebody_joined_and_draws_no_error",
    "no-copy-for-the-own-host" "RFC1112-6.2-b" "What is sent to a group does not come back to members here."
        "sock/datagram.rs" "fn transmit_datagram"
        "self.departures.turn_back(&outgoing, Arrival { device, routed: true })" => "",
        "groups::a_group_is_heard_in_this_host_by_whom_linux_lets_hear_it",
    "copy-although-disabled" "RFC1112-6.2-b" "Members here hear a sender that disabled it."
        "sock/route.rs" "fn way_v4"
        "group && ⟦self.hears_itself()⟧" => "true",
        "groups::a_group_is_heard_in_this_host_by_whom_linux_lets_hear_it",
    "error-for-ever" "RFC1122-4.1.3.3-a" "An error is told again and again."
        "sock/datagram.rs" "fn send_datagram"
        "datagram.error.take()" => "datagram.error",
        "datagrams::an_error_is_told_once_and_outlives_its_peer",
    "bound-name-lost" "RFC1122-4.1.3.5-b" "A peer changes the address that a socket is bound to."
        "sock/datagram.rs" "fn connect_datagram"
        "socket.local.addr.is_unspecified()" => "true",
        "groups::a_socket_bound_to_a_group_keeps_that_name_and_speaks_from_its_host",
    "device-outlives-peer" "RFC1122-3.3.4.2-c" "Without its peer a socket stays tied to a device."
        "sock/datagram.rs" "fn disconnect_datagram"
        "socket.options.device = None" => "",
        "datagrams::a_device_decides_what_can_be_reached_and_from_where",
    "chosen-port-outlives-peer" "RFC8085-5.1-c" "Without its peer a socket keeps the port that the host chose."
        "sock/datagram.rs" "fn disconnect_datagram"
        "bound.lasting" => "true",
        "datagrams::disconnecting_gives_up_what_bind_was_not_asked_for",
    "too-long-is-sent" "RFC768-Fields-a" "A datagram that no length field can describe is sent."
        "sock/datagram.rs" "fn send_datagram"
        "data.len() > udp::max_payload_octets(remote.addr)" => "false",
        "datagrams::send_looks_at_length_flags_destination_route_permission_and_trouble_in_this_order",
    "shut-and-sends" "RFC768-User_Interface-a" "A socket that is shut sends."
        "sock/datagram.rs" "fn send_datagram"
        "datagram.write_shut" => "false",
        "datagrams::readiness_follows_errors_and_what_was_shut",
    "peeking-takes" "RFC768-User_Interface-a" "What is peeked at is gone."
        "sock/datagram.rs" "fn receive_datagram"
        "if ⟦stays⟧" => "false",
        "datagrams::what_is_peeked_at_stays_and_what_is_cut_is_lost",
    "loopback-source-leaves" "RFC1122-3.2.1.3-d" "A loopback address is the source of what leaves the host."
        "sock/route.rs" "fn way(&self"
        "own.is_loopback() && routed.over == Device::Interface" => "false",
        "datagrams::the_source_for_the_first_peer_stays_until_the_socket_is_disconnected",
    "group-without-a-route" "RFC1112-6.1-b" "A group can be spoken to although nothing says where it is."
        "sock/route.rs" "fn way_v4"
        "device.is_none() && net.ip.config().gateway_v4.is_none()" => "false",
        "datagrams::a_device_decides_what_can_be_reached_and_from_where",
    "zone-not-asked-for" "RFC4007-6-a" "An address of one link is a peer without its zone."
        "sock/route.rs" "fn check_zone"
        "(0, None) if ⟦connects⟧" => "false",
        "datagrams::an_address_of_one_link_needs_its_zone_to_connect",
    "other-source-for-own" "RFC1122-3.3.4.2-b" "To an own address the host speaks from that very address."
        "sock/route.rs" "fn source_for_own"
        "first.map_or(dst, |own| own.addr)" => "dst",
        "datagrams::the_own_address_says_over_which_device_a_group_is_spoken_to",
    "joined-twice" "RFC1112-7.4-a" "A socket joins a group twice."
        "sock/groups.rs" "fn join_group"
        "groups.iter().any(same)" => "false",
        "groups::joining_and_leaving_say_no_as_on_linux",
    "groups-without-end" "RFC1112-7.4-a" "A socket joins any number of groups."
        "sock/groups.rs" "fn join_group"
        "count >= MEMBERSHIPS_V4_MAX" => "false",
        "groups::streams_are_in_no_group_and_a_socket_is_in_so_many",
    "group-outlives-members" "RFC1112-7.4-a" "The host stays in a group that its last member left."
        "sock/groups.rs" "fn leave("
        "net.ip.leave(group)" => "",
        "groups::over_the_wire_a_group_is_heard_where_somebody_joined_and_draws_no_error",
}
