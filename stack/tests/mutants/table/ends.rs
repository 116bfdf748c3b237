//! What an application hears of opening and ending, and when (RFC 9293 section 3.9.1; where that is silent,
//! as Linux has it).

super::mutants! {
    "text-before-reset-lost" "RFC9293-3.10.7.4-aa" "What came before a reset can not be read."
        "tcp/reset.rs" "fn enter_closed"
        "self.receive_buffer.forget_unordered()" => "self.forget_received()",
        "stream_ends::what_comes_before_a_reset_is_read_first",
    "reset-after-fin-misnamed" "RFC9293-3.10.7.4-g" "A reset after the peer's FIN is told as one that lost something."
        "tcp/arrives/second_reset.rs" "fn reset_by_peer"
        "Refused::BrokenPipe" => "Refused::ConnReset",
        "tcp::tests::transitions::every_state_and_every_event",
    "mark-passed-over" "RFC9293-MUST-33" "Reading does not stop at the urgent octet."
        "tcp/receive.rs" "fn octets_before_mark"
        "ahead.min(ready)" => "ready.max(ahead)",
        "stream_ends::an_urgent_octet_is_apart_or_in_line",
    "urgent-octet-twice" "RFC9293-MUST-33" "The urgent octet can be read apart twice."
        "tcp/receive.rs" "fn receive_urgent"
        "self.urgent_taken = true" => "",
        "stream_ends::an_urgent_octet_is_apart_or_in_line",
    "urgent-octet-in-line-too" "RFC9293-MUST-33" "The urgent octet is read apart and in line."
        "tcp/receive.rs" "fn skips_urgent"
        "!self.settings.urgent_in_line" => "false",
        "stream_ends::an_urgent_octet_is_apart_or_in_line",
    "shut-both-halves-listens" "RFC9293-SHLD-3" "Text after both halves were shut is taken."
        "tcp/arrives/seventh_text.rs" "fn is_closed_to_text"
        "self.reader_gone || ⟦self.read_shut && self.shut⟧" => "false",
        "wire_rows::closing::shutting_both_halves_is_a_fin_and_what_comes_then_is_reset",
    "soft-error-untold" "RFC9293-SHLD-25" "A soft error is told to nobody who asks."
        "sock/answer.rs" "fn option"
        "connection.tcb.take_soft_error()" => "None",
        "icmp_errors::a_connection_attempt_ends_by_a_hard_error_and_lives_on_after_a_soft_one",
    "soft-error-ends-attempt" "RFC9293-MUST-56" "A soft error ends an attempt to connect."
        "tcp/icmp.rs" "fn icmp_error"
        "self.settings.soft_errors_end_opening" => "true",
        "icmp_errors::a_connection_attempt_ends_by_a_hard_error_and_lives_on_after_a_soft_one",
    "soft-error-never-ends-attempt" "RFC9293-SHLD-25" "A soft error ends no attempt where the host is set so."
        "tcp/icmp.rs" "fn icmp_error"
        "self.settings.soft_errors_end_opening" => "false",
        "wire_rows::opening::an_icmp_error_ends_an_attempt",
    "backlog-unbounded" "RFC4987-3.5-a" "The host has no say about backlogs."
        "sock/listen.rs" "fn listen"
        "backlog.cast_unsigned().min(self.bounds.backlog_max)" => "backlog.cast_unsigned()",
        "stream_ends::a_backlog_is_no_larger_than_the_host_allows",
    "overflow-never-aborts" "RFC9293-3.10.1-d" "Who does not fit is not reset where the host is set so."
        "sock/listen.rs" "fn must_wait_for_accept"
        "self.bounds.abort_on_overflow" => "false",
        "wire_rows::listening::an_overflow_that_aborts_resets_who_does_not_fit",
    "waiting-always-inherited" "RFC9293-3.10.4-a" "Who waits goes over to another listener without being asked."
        "sock/listen.rs" "fn migrate"
        "self.bounds.migrate_requests" => "true",
        "stream_ends::who_waits_for_a_listener_that_is_gone_goes_over_to_its_group_if_the_host_wants_that",
    "waiting-never-inherited" "RFC9293-3.10.4-a" "Who waits never goes over to another listener."
        "sock/listen.rs" "fn migrate"
        "self.bounds.migrate_requests" => "false",
        "stream_ends::who_waits_for_a_listener_that_is_gone_goes_over_to_its_group_if_the_host_wants_that",
    "silence-accepted" "RFC9293-3.10.1-a" "Who waits for text hears of connections without any."
        "sock/listen.rs" "fn defers_until"
        "(seconds > 0)" => "false",
        "stream_ends::who_waits_for_text_is_called_when_it_comes_or_when_time_is_up",
    "silence-never-accepted" "RFC9293-3.10.1-a" "Who waits for text waits for ever."
        "sock/listen.rs" "fn must_wait_for_accept"
        "net.now < *until" => "true",
        "stream_ends::who_waits_for_text_is_called_when_it_comes_or_when_time_is_up",
    "options-of-the-syn" "RFC9293-3.10.1-a" "A child has the options of the time when its SYN came."
        "sock/listen.rs" "fn sort_child"
        "self.inherit(child, parent, net)" => "",
        "stream_ends::a_child_has_the_options_of_the_moment_of_its_last_handshake_segment",
    "options-for-show" "RFC9293-MUST-21" "The options of a child say one thing, its connection does another."
        "sock/listen.rs" "fn inherit"
        "self.socket(child).connection().tcb.inherit(net.now, &settings)" => "",
        "stream_ends::a_child_has_the_options_of_the_moment_of_its_last_handshake_segment",
    "time-wait-followed-at-once" "RFC9293-MUST-13" "A connection in TIME-WAIT is followed at once by one that chance chose."
        "sock/connect.rs" "fn may_be_followed"
        "now >= since + patience" => "true",
        "stream_ends::a_connection_follows_one_in_time_wait_after_a_second_by_its_timestamps",
    "time-wait-followed-on-the-link" "RFC9293-MUST-13" "A connection on the link is followed where that is for those within the host."
        "sock/connect.rs" "fn may_be_followed"
        "ends.iter().any(|end| end.addr.is_loopback())" => "true",
        "stream_ends::on_the_link_only_if_the_host_wants_that_and_with_later_numbers",
    "time-wait-followed-without-stamps" "RFC9293-MUST-13" "A connection in TIME-WAIT is followed although nothing tells old segments apart."
        "tcp/timeouts.rs" "fn in_time_wait_since"
        "self.recent_stamp().map(|_| since)" => "Some(since)",
        "stream_ends::a_connection_follows_one_in_time_wait_after_a_second_by_its_timestamps",
    "syn-never-doubles" "RFC6298-5.5-a" "The timeout of a SYN stays the same."
        "tcp/timeouts.rs" "fn is_before_doubling"
        "SynSchedule::Doubling => ⟦false⟧" => "true",
        "wire_rows::opening::a_syn_that_nobody_answers_is_sent_again_after_a_time_that_doubles",
    "syn-doubles-at-once" "RFC6298-5.5-a" "The timeout of a SYN doubles at once where it should not."
        "tcp/timeouts.rs" "fn is_before_doubling"
        "self.resends <= LINEAR_REPEATS" => "false",
        "wire_rows::opening::a_syn_that_nobody_answers_is_sent_again_as_linux_does",
    "syn-count-ignored" "RFC9293-MUST-21" "A SYN is repeated as often as the host likes."
        "tcp/timeouts.rs" "fn syn_repeats_in_all"
        "u32::from(most) + before" => "u32::MAX",
        "stream_ends::a_syn_is_repeated_as_often_as_the_application_wants",
    "cork-leaks" "RFC9293-SHLD-7" "A cork holds nothing back."
        "tcp/window.rs" "fn is_corked"
        "self.settings.cork" => "false",
        "stream_ends::a_cork_holds_short_segments_back_until_it_is_drawn",
    "orphan-stays-although-told" "RFC9293-3.6-e" "An orphan that shall not wait in FIN-WAIT-2 does."
        "sock/stream.rs" "fn settle"
        "linger == Some(Span::ZERO)" => "false",
        "stream_ends::an_orphan_waits_as_long_as_its_application_has_said",
    "orphan-waits-as-the-host-likes" "RFC9293-3.6-e" "Every orphan waits in FIN-WAIT-2 as long as the host has it."
        "sock/stream.rs" "fn settle"
        "linger.unwrap_or(fin_timeout)" => "fin_timeout",
        "stream_ends::an_orphan_waits_as_long_as_its_application_has_said",
    "shutdown-forgotten" "RFC9293-3.10.4-f" "Shutting down without a connection is forgotten."
        "sock/stream.rs" "fn send_stream"
        "socket.shut.write" => "false",
        "stream_ends::shutting_down_is_remembered_without_a_connection",
    "early-text-refused" "RFC9293-3.10.2-c" "Nothing is taken for sending before the connection is there."
        "sock/stream.rs" "fn send_stream"
        "!queues_early" => "true",
        "stream_ends::text_before_the_connection_is_taken_or_not",
    "unwanted-kept" "RFC9293-3.10.3-e" "What comes after the reading half was shut is read where it should be thrown away."
        "sock/stream.rs" "fn discard_unwanted"
        "AfterReadShut::Discard => ⟦false⟧" => "return",
        "stream_ends::what_comes_after_shutting_the_reading_half_can_be_thrown_away",
    "reset-without-text" "RFC9293-3.10.3-e" "What is not read yet resets the connection when anything comes after the reading half was shut."
        "sock/arrive.rs" "fn segment_at_connection"
        "if ⟦brings_text⟧" => "true",
        "read_shut::only_new_text_resets_who_has_shut_the_reading_half_on_windows",
    "chosen-port-kept" "RFC9293-3.10.1-d" "A port that the host chose stays with the socket after its connection."
        "sock/connect.rs" "fn detach"
        "!lasting" => "false",
        "stream_ends::a_socket_takes_the_name_of_its_connection_along_until_it_is_told",
    "spoilt-connects" "RFC9293-3.10.1-f" "Who has shut down what was not there any more connects anew."
        "sock/connect.rs" "fn note_shutdown"
        "Told::Spoilt" => "Told::Nothing",
        "stream_ends::connect_tells_of_an_end_once_and_never_after_success",
    "disconnected-in-silence" "RFC9293-3.10.5-a" "The peer does not hear that it is done with."
        "sock/connect.rs" "fn disconnect_stream"
        "tcb.abort(now, cx)" => "tcb.close(now, cx)",
        "wire_rows::closing::disconnecting_is_a_reset",
}
