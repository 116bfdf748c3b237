//! Who gets what arrives: checksums, listeners, queues, four-tuples (RFC 9293 sections 3.1, 3.9.1, 3.10.7.2).

super::mutants! {
    "checksum-unverified" "RFC9293-MUST-3" "A segment with a wrong checksum is taken."
        "wire/tcp.rs" "fn verify"
        "!self.checksum_holds(src, dst)" => "false",
        "wire::tcp::tests::reserved_bits_do_not_matter_but_ports_and_checksum_do",
    "checksum-without-addresses" "RFC9293-MUST-2" "The checksum does not cover the destination address."
        "wire/tcp.rs" "fn checksum_field"
        "pseudo(src, ⟦dst⟧" => "src",
        "wire::tcp::tests::the_checksum_is_the_one_that_one_computes_by_hand",
    "broken-header-taken" "RFC9293-3.1-d" "A segment with an impossible data offset is taken."
        "wire/tcp.rs" "fn verify"
        "self.stop().is_some()" => "false",
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
        "self.streams.receiver(tuple)" => "self.streams.paired(tuple).filter(|_| self.streams.waiting_for(tuple).is_none())",
        "listening::connections_are_accepted_in_the_order_of_their_completion",
    "nobody-says-nothing" "RFC9293-3.5.2-a" "A segment to a port where nobody is draws no reset."
        "sock/arrive.rs" "fn segment_for"
        "self.transmit(tuple, &reset, device, net)" => "",
        "opening::whoever_speaks_to_a_host_that_has_forgotten_the_connection_is_reset",
    "refused-without-a-route" "RFC9293-3.5.2-a" "What came back over the loopback device alone is refused."
        "sock/arrive.rs" "fn segment_for"
        "if ⟦arrival.routed⟧" => "true",
        "devices::behind_the_loopback_device_every_address_comes_back_and_nobody_refuses",
    "device-not-looked-at" "RFC1122-3.3.4.2-c" "A stream hears what arrives on another device than its own."
        "sock/arrive.rs" "fn segment_for"
        "self.sockets.get(*slot).is_some_and(|socket| socket.hears(device))" => "true",
        "devices::behind_the_loopback_device_every_address_comes_back_and_nobody_refuses",
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
        "self.reopening(slot, tuple, segment, device)" => "None::<(Slot, Seq<Ours>)>",
        "listening::a_newer_syn_opens_anew_what_is_in_time_wait",
    "four-tuple-twice" "RFC9293-3.10.1-f" "A four-tuple may have two connections."
        "sock/connect.rs" "fn take_from_time_wait"
        "!self.may_be_followed(old, by, net.now)" => "false",
        "two_hosts::one_can_listen_where_another_socket_connects_from_if_both_agree",
    "cookie-of-anybody" "RFC4987-3.6-a" "Any acknowledgement opens a connection where cookies are out."
        "tcp/cookie.rs" "fn check"
        "cookie(secret, irs, step, size) == iss" => "true",
        "tcp::tests::edges::a_cookie_is_good_for_its_conversation_its_number_and_its_size_alone",
    "cookie-of-any-conversation" "RFC4987-3.6-a" "A cookie is good for every conversation."
        "tcp/cookie.rs" "fn cookie"
        "Key::new(⟦secret⟧" => "0",
        "tcp::tests::edges::a_cookie_is_good_for_its_conversation_its_number_and_its_size_alone",
    "cookie-of-any-number" "RFC4987-3.6-a" "A cookie is good whatever the number of the peer."
        "tcp/cookie.rs" "fn cookie"
        "u64::from(irs.value()) << 8" => "0",
        "tcp::tests::edges::a_cookie_is_good_for_its_conversation_its_number_and_its_size_alone",
    "cookie-keeps" "RFC4987-3.6-a" "A cookie is good for minutes."
        "tcp/cookie.rs" "fn check"
        "this.saturating_sub(1)" => "this.saturating_sub(9)",
        "tcp::cookie::tests::what_was_made_comes_back_for_64_seconds_and_not_after_128",
    "cookie-spoils" "RFC4987-3.6-a" "A cookie is good only in the minute that it was made in."
        "tcp/cookie.rs" "fn check"
        "this.saturating_sub(1)" => "this",
        "tcp::cookie::tests::what_was_made_comes_back_for_64_seconds_and_not_after_128",
    "cookie-size-too-large" "RFC9293-MUST-16" "A cookie remembers a larger segment size than the peer said."
        "tcp/cookie.rs" "fn make"
        "*octets <= said" => "true",
        "tcp::cookie::tests::the_largest_size_that_is_not_too_large_is_remembered",
    "cookies-never" "RFC4987-4-a" "A listener does not defend itself against floods."
        "sock/flood.rs" "fn is_flooded"
        "oldest.is_some_and(|oldest| self.socket(oldest).connection().tcb.syn_was_resent())" => "false",
        "attacks::every_attack_costs_what_the_page_says",
    "half-open-unbounded" "RFC4987-3.5-a" "The number of half-open connections has no bound."
        "sock/listen.rs" "fn syn_queue_is_full"
        "self.half_open.len() > self.backlog as usize" => "false",
        "attacks::every_attack_costs_what_the_page_says",
    "accept-queue-unbounded" "RFC4987-3.5-a" "The queue of connections that wait to be accepted has no bound."
        "sock/listen.rs" "fn accept_queue_is_full"
        "self.ready.len() >= self.accept_queue_max as usize" => "false",
        "listening::whoever_waits_to_be_accepted_takes_room",
}
