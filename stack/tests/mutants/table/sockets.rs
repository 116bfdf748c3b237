//! Who gets what arrives: checksums, listeners, queues, four-tuples (RFC 9293 sections 3.1, 3.9.1, 3.10.7.2).

super::mutants! {
    "checksum-unverified" "RFC9293-MUST-3" "A segment with a wrong checksum is taken."
        "wire/tcp.rs" "fn check"
        "!view.checksum_holds(src, dst)" => "false",
        "wire::tcp::tests::reserved_bits_do_not_matter_but_ports_and_checksum_do",
    "checksum-without-addresses" "RFC9293-MUST-2" "The checksum does not cover the destination address."
        "wire/tcp.rs" "fn checksum_field"
        "pseudo(src, ⟦dst⟧" => "src",
        "wire::tcp::tests::the_checksum_is_the_one_that_one_computes_by_hand",
    "broken-header-taken" "RFC9293-3.1-d" "A segment with an impossible data offset is taken."
        "wire/tcp.rs" "fn check"
        "view.stop().is_some()" => "false",
        "wire::tcp::tests::a_data_offset_that_lies_is_located_and_discarded",
    "options-of-syns-only" "RFC9293-MUST-5" "Options are read on SYNs only."
        "wire/tcp.rs" "fn unchecked"
        "Options::from_bytes(view.options_bytes())" => "if view.flags().syn() { Options::from_bytes(view.options_bytes()) } else { Options::NONE }",
        "wire::tcp::tests::what_is_emitted_checks_to_itself",
    "group-destination-taken" "RFC9293-MUST-57" "A SYN to a group is answered."
        "sock/arrive.rs" "fn segment_arrives"
        "if ⟦incoming.group⟧" => "false",
        "opening::only_a_syn_from_one_host_to_this_one_is_answered",
    "listener-before-connection" "RFC9293-MUST-41" "A listener gets the segments of its connections."
        "sock/arrive.rs" "fn segment_for"
        "self.streams.paired(tuple)" => "self.streams.paired(tuple).filter(|_| self.streams.waiting_for(tuple).is_none())",
        "listening::connections_are_accepted_in_the_order_of_their_completion",
    "nobody-says-nothing" "RFC9293-3.5.2-a" "A segment to a port where nobody is draws no reset."
        "sock/arrive.rs" "fn segment_for"
        "self.transmit(tuple, &reset, net)" => "",
        "opening::whoever_speaks_to_a_host_that_has_forgotten_the_connection_is_reset",
    "accepted-newest-first" "RFC9293-3.10.1-a" "The connection that came last is accepted first."
        "sock/listen.rs" "fn sort_child"
        "listener.ready.push_back(child)" => "listener.ready.push_front(child)",
        "listening::connections_are_accepted_in_the_order_of_their_completion",
    "failed-handshake-stays" "RFC9293-3.10.7.4-e" "A handshake that fails waits to be accepted."
        "sock/listen.rs" "fn sort_child"
        "state == tcp::State::Closed" => "false",
        "listening::a_handshake_that_fails_leaves_no_trace",
    "waiting-forgotten-in-silence" "RFC9293-3.10.5-a" "Who waits to be accepted is not told that nobody listens any more."
        "sock/listen.rs" "fn stop_listening"
        "tcb.abort(now, cx)" => "",
        "listening::closing_a_listener_resets_who_waits_and_forgets_who_is_half_open",
    "time-wait-never-reopened" "RFC9293-MAY-2" "No SYN opens anew what is in TIME-WAIT."
        "sock/arrive.rs" "fn segment_at_connection"
        "self.reopening(slot, tuple, segment)" => "None::<(Slot, Seq<Ours>)>",
        "listening::a_newer_syn_opens_anew_what_is_in_time_wait",
    "four-tuple-twice" "RFC9293-3.10.1-f" "A four-tuple may have two connections."
        "sock/connect.rs" "fn take_tuple"
        "self.streams.paired(&FourTuple { local, remote }).is_some()" => "false",
        "two_hosts::one_can_listen_where_another_socket_connects_from_if_both_agree",
}
