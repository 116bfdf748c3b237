//! Congestion notification (RFC 3168), and SYNs in TIME-WAIT (RFC 6191).

super::mutants! {
    "ecn-asked-again" "RFC3168-6.1.1-c" "A SYN that is sent again still asks for congestion notification."
        "tcp/ecn.rs" "fn ecn_flags_of_syn"
        "⟦ecn == EcnUse::Request && !self.syn_resent⟧" => "ecn == EcnUse::Request",
        "tcp::ecn::tests::a_syn_that_is_sent_again_does_not_ask_and_then_nothing_is_marked",
    "ecn-against-settings" "RFC3168-6.1.1-c" "SYN,ACK agrees although the application wants none of it."
        "tcp/ecn.rs" "fn ecn_flags_of_syn"
        "⟦ecn != EcnUse::Never⟧ &&" => "true",
        "tcp::ecn::tests::a_listener_agrees_if_it_is_asked_and_may",
    "ecn-unasked" "RFC3168-6.1.1-a" "SYN,ACK agrees to what nobody asked for."
        "tcp/ecn.rs" "fn ecn_flags_of_syn"
        "⟦self.ecn.setup_came && !self.ecn.plain_came⟧" => "true",
        "tcp::ecn::tests::a_listener_agrees_if_it_is_asked_and_may",
    "ecn-reflected-flags" "RFC3168-6.1.1-d" "A SYN,ACK with both flags, the work of a broken peer, counts as agreement."
        "tcp/ecn.rs" "fn learn_ecn"
        "flags.ece() && flags.cwr() != flags.ack()" => "flags.ece()",
        "tcp::ecn::tests::every_other_answer_declines",
    "ect-without-agreement" "RFC3168-5-a" "Data leaves as ECT although the peer did not agree."
        "tcp/ecn.rs" "fn marks_for"
        "|| ⟦!self.ecn.may_mark()⟧" => "false",
        "tcp::ecn::tests::every_other_answer_declines",
    "ect-on-acks" "RFC3168-6.1.4-a" "Acknowledgements without data are sent as ECT."
        "tcp/ecn.rs" "fn marks_for"
        "⟦cut.data_octets > 0⟧ && cut.seq" => "true",
        "tcp::ecn::tests::new_data_is_marked_after_both_ends_have_agreed",
    "ect-again" "RFC3168-6.1.5-a" "What is sent again is sent as ECT."
        "tcp/ecn.rs" "fn marks_for"
        "cut.seq == self.snd.nxt" => "true",
        "tcp::ecn::tests::what_is_sent_again_is_neither_marked_nor_tells_of_a_reduction",
    "ect-on-probes" "RFC3168-6.1.6-a" "Probes of a closed window are sent as ECT."
        "tcp/ecn.rs" "fn marks_for"
        "!probes" => "true",
        "tcp::ecn::tests::probes_of_a_closed_window_are_not_marked",
    "ecn-echo-missing" "RFC3168-6.1.3-a" "Congestion is not echoed."
        "tcp/ecn.rs" "fn note_congestion"
        "self.ecn.echo = true" => "",
        "tcp::ecn::tests::congestion_is_echoed_until_the_peer_has_reacted",
    "ecn-echo-once" "RFC3168-6.1.3-a" "Congestion is echoed by one acknowledgement alone."
        "tcp/ecn.rs" "fn marks_for"
        "⟦flags = flags | Flags::ECE⟧;" => "{ flags = flags | Flags::ECE; self.ecn.echo = false; }",
        "tcp::ecn::tests::congestion_is_echoed_until_the_peer_has_reacted",
    "ecn-echo-for-ever" "RFC3168-6.1.3-a" "CWR does not end the echo."
        "tcp/ecn.rs" "fn note_congestion"
        "self.ecn.echo = false" => "",
        "tcp::ecn::tests::congestion_is_echoed_until_the_peer_has_reacted",
    "ecn-echo-of-nothing" "RFC3168-6.1.5-b" "A mark on a segment whose text is not taken is echoed."
        "tcp/ecn.rs" "fn note_congestion"
        "text_octets > 0" => "true",
        "tcp::ecn::tests::marks_on_what_is_not_taken_or_carries_nothing_do_not_count",
    "ecn-echo-unheard" "RFC3168-6.1.2-a" "An echo does not reduce the window."
        "tcp/ecn.rs" "fn answer_congestion"
        "self.congestion_event(now)" => "false",
        "tcp::ecn::tests::an_echo_reduces_the_window_once_and_the_next_data_says_so",
    "ecn-reduces-again" "RFC3168-6.1.2-a" "Each echo of the same window of data reduces the window."
        "tcp/recovery.rs" "fn congestion_event"
        "self.recovery.reduced_at.is_some_and(|at| self.snd.una.at_or_before(at))" => "false",
        "tcp::ecn::tests::an_echo_reduces_the_window_once_and_the_next_data_says_so",
    "cwr-missing" "RFC3168-6.1.2-b" "A reduction is not told."
        "tcp/ecn.rs" "fn marks_for"
        "flags = flags | Flags::CWR" => "",
        "tcp::ecn::tests::an_echo_reduces_the_window_once_and_the_next_data_says_so",
    "cwr-for-ever" "RFC3168-6.1.2-b" "A reduction is told again and again."
        "tcp/ecn.rs" "fn marks_for"
        "core::mem::take(&mut self.ecn.reduced)" => "self.ecn.reduced",
        "tcp::ecn::tests::an_echo_reduces_the_window_once_and_the_next_data_says_so",
    "time-wait-older-stamp" "RFC6191-2-a" "A SYN with an older timestamp opens anew what is in TIME-WAIT."
        "tcp/time_wait.rs" "fn is_newer_request"
        "Ordering::Less => ⟦false⟧" => "later",
        "tcp::time_wait::tests::after_timestamps_the_newer_one_counts_and_then_the_number",
    "time-wait-newer-stamp" "RFC6191-2-a" "A SYN with a newer timestamp and an older number is not accepted."
        "tcp/time_wait.rs" "fn is_newer_request"
        "Ordering::Greater => ⟦true⟧" => "later",
        "tcp::time_wait::tests::after_timestamps_the_newer_one_counts_and_then_the_number",
    "time-wait-same-stamp" "RFC6191-2-b" "A SYN with the same timestamp is accepted whatever its number."
        "tcp/time_wait.rs" "fn is_newer_request"
        "Ordering::Equal => ⟦later⟧" => "true",
        "tcp::time_wait::tests::after_timestamps_the_newer_one_counts_and_then_the_number",
    "time-wait-fin-again" "RFC6191-2-c" "A SYN with the number of the FIN opens anew what is in TIME-WAIT."
        "tcp/time_wait.rs" "fn is_newer_request"
        ".after(⟦self.rcv.nxt.back(1)⟧)" => "self.rcv.nxt.back(2)",
        "tcp::time_wait::tests::after_timestamps_the_newer_one_counts_and_then_the_number",
    "time-wait-any-syn" "RFC9293-MAY-2" "Any old SYN opens anew what is in TIME-WAIT."
        "tcp/time_wait.rs" "fn is_newer_request"
        "(None, None) => ⟦later⟧" => "true",
        "tcp::time_wait::tests::without_timestamps_new_ones_or_the_number_count",
    "time-wait-assassinated" "RFC1337-3-a" "A reset ends TIME-WAIT although that is protected."
        "tcp/arrives/second_reset.rs" "fn second_check_reset"
        "self.settings.protect_time_wait" => "false",
        "tcp::arrives::second_reset::tests::time_wait_can_be_protected_from_assassination",
    "time-wait-protected-unasked" "RFC9293-3.10.7.4-h" "A reset never ends TIME-WAIT."
        "tcp/arrives/second_reset.rs" "fn second_check_reset"
        "self.settings.protect_time_wait" => "true",
        "tcp::tests::transitions::every_state_and_every_event",
    "ect-on-syns" "RFC3168-6.1.1-b" "SYNs are sent as ECT."
        "tcp/ecn.rs" "fn marks_for"
        "RFC3168-6.1.1-b\n            return (flags, ⟦Ecn::NotEct⟧)" => "Ecn::Ect0",
        "tcp::ecn::tests::new_data_is_marked_after_both_ends_have_agreed",
    "reopened-within-old-numbers" "RFC9293-MAY-2" "A connection that is opened anew may use old numbers again."
        "tcp/open.rs" "fn accept_beyond"
        "if ⟦iss.after(beyond)⟧" => "true",
        "tcp::time_wait::tests::the_new_number_lies_beyond_the_old_ones",
}
