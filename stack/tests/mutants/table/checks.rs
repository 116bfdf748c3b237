//! What arrives, in the order of the checks of RFC 9293 section 3.10.7.

super::mutants! {
    "reset-in-closed-answered" "RFC9293-3.10.7.1-a" "A reset to nobody is answered."
        "tcp/arrives/closed.rs" "fn reset_for"
        "segment.flags.rst()" => "false",
        "tcp::arrives::closed::tests::a_reset_is_never_answered",
    "reset-at-own-number" "RFC9293-3.5.2-b" "The reset for an acknowledgement has the number 0."
        "tcp/reset.rs" "fn reply_to"
        "segment.ack" => "0",
        "tcp::arrives::closed::tests::the_reset_is_one_that_the_sender_will_believe",
    "reset-without-length" "RFC9293-3.5.2-c" "The reset for a segment without ACK does not count its length."
        "tcp/reset.rs" "fn reply_to"
        "segment.len_octets()" => "0",
        "tcp::arrives::closed::tests::the_reset_is_one_that_the_sender_will_believe",
    "listener-answers-reset" "RFC9293-3.10.7.2-a" "A listener looks at ACK before RST."
        "tcp/arrives/listen.rs" "fn on_segment"
        "segment.flags.rst()" => "segment.flags.rst() && !segment.flags.ack()",
        "tcp::arrives::listen::tests::rst_goes_before_ack_and_ack_before_syn",
    "listener-takes-syn-ack" "RFC9293-3.10.7.2-b" "A listener takes SYN,ACK for a connection request."
        "tcp/arrives/listen.rs" "fn on_segment"
        "segment.flags.ack()" => "segment.flags.ack() && !segment.flags.syn()",
        "tcp::arrives::listen::tests::rst_goes_before_ack_and_ack_before_syn",
    "syn-sent-ack-of-iss" "RFC9293-3.10.7.3-a" "SYN-SENT takes an acknowledgement of the number before its SYN's end."
        "tcp/arrives/syn_sent.rs" "fn syn_sent_first_check_ack"
        "seg.ack.after(self.snd.una)" => "seg.ack.at_or_after(self.snd.una)",
        "tcp::arrives::syn_sent::tests::an_ack_of_another_connection_is_reset_at_its_own_number",
    "syn-sent-ack-of-the-unsent" "RFC9293-3.10.7.3-a" "SYN-SENT takes an acknowledgement of what was never sent."
        "tcp/arrives/syn_sent.rs" "fn syn_sent_first_check_ack"
        "seg.ack.at_or_before(self.snd.nxt)" => "true",
        "tcp::arrives::syn_sent::tests::an_ack_of_another_connection_is_reset_at_its_own_number",
    "syn-sent-reset-unproven" "RFC5961-3.2-d" "SYN-SENT believes a reset that acknowledges nothing."
        "tcp/arrives/syn_sent.rs" "fn syn_sent_second_check_reset"
        "seg.ack_set()" => "true",
        "tcp::arrives::syn_sent::tests::a_reset_with_the_right_ack_refuses_the_connection",
    "simultaneous-open-established" "RFC9293-MUST-10" "A SYN that crosses the own one opens the connection at once."
        "tcp/arrives/syn_sent.rs" "fn syn_sent_fourth_take_syn"
        "self.phase = Phase::SynReceived(Origin::Active)" => "self.phase = Phase::Established",
        "tcp::tests::transfer::crossing_syns_end_in_one_connection",
    "simultaneous-open-silent" "RFC9293-3.10.7.3-e" "A SYN that crosses the own one is not answered with SYN,ACK."
        "tcp/arrives/syn_sent.rs" "fn syn_sent_fourth_take_syn"
        "self.send_cut(now, Cut::syn(self.iss), cx)" => "",
        "tcp::tests::transfer::crossing_syns_end_in_one_connection",
    "origin-forgotten" "RFC9293-MUST-11" "After crossing SYNs the connection takes itself for a passive one."
        "tcp/arrives/syn_sent.rs" "fn syn_sent_fourth_take_syn"
        "self.phase = Phase::SynReceived(Origin::Active)" => "self.phase = Phase::SynReceived(Origin::Passive)",
        "tcp::arrives::second_reset::tests::syn_received_goes_where_it_came_from",
    "syn-ack-unacknowledged" "RFC9293-3.10.7.3-d" "SYN,ACK is not acknowledged."
        "tcp/arrives/syn_sent.rs" "fn syn_sent_fourth_take_syn"
        "self.ack_owed = true" => "",
        "tcp::tests::transitions::every_state_and_every_event",
    "text-on-syn-lost" "RFC9293-3.5-b" "Text and FIN that come with a SYN are forgotten."
        "tcp/open.rs" "fn hold_for_later"
        "self.hold_text(seg, cx)" => "",
        "tcp::tests::transfer::text_and_fin_on_a_syn_wait_for_the_handshake",
    "text-on-syn-ack-lost" "RFC9293-3.10.7.3-f" "Text that comes with SYN,ACK is forgotten."
        "tcp/arrives/syn_sent.rs" "fn arrives_in_syn_sent"
        "self.seventh_take_text(now, seg, cx)?" => "",
        "tcp::tests::transfer::text_on_a_syn_ack_is_delivered_at_once",
    "window-one-too-far" "RFC9293-3.4-e" "An empty segment one behind the right edge is acceptable."
        "tcp/arrives/first_sequence.rs" "fn judge_sequence"
        " seg.seq.within(self.rcv.nxt, window)" => "seg.seq.within(self.rcv.nxt, window + 2)",
        "tcp::arrives::first_sequence::tests::an_empty_segment_counts_within_an_open_window",
    "edge-not-heard" "RFC9293-3.4-e" "An empty segment at the right edge does not count for its ACK."
        "tcp/arrives/first_sequence.rs" "fn judge_sequence"
        "seg.seq == self.rcv.nxt + window" => "false",
        "tcp::arrives::first_sequence::tests::hosts_that_filled_the_window_of_each_other_still_hear_each_other",
    "last-octet-not-looked-at" "RFC9293-3.4-e" "Text that begins before the window never counts."
        "tcp/arrives/first_sequence.rs" "fn judge_sequence"
        "(seg.seq + (seg.len() - 1)).within(self.rcv.nxt, window)" => "first",
        "tcp::arrives::first_sequence::tests::text_counts_if_its_first_or_last_octet_lies_in_the_window",
    "closed-window-ignores-control" "RFC9293-MUST-66" "With a closed window nothing counts."
        "tcp/arrives/first_sequence.rs" "fn judge_sequence"
        "ahead == 0" => "false",
        "tcp::arrives::first_sequence::tests::a_closed_window_takes_no_text_but_ack_urg_and_rst",
    "trimmed-one-too-much" "RFC9293-3.10.7.4-c" "Of text that is partly old the first new octet is cut off, too."
        "tcp/arrives/first_sequence.rs" "fn trim"
        "self.rcv.nxt.octets_since(seg.seq)" => "self.rcv.nxt.octets_since(seg.seq) + 1",
        "tcp::arrives::first_sequence::tests::only_the_new_part_counts",
    "unacceptable-unanswered" "RFC9293-3.10.7.4-a" "A segment outside of the window is dropped without a word."
        "tcp/arrives/first_sequence.rs" "fn acknowledge_refused"
        "self.send_ack(now, cx)" => "",
        "tcp::arrives::first_sequence::tests::text_counts_if_its_first_or_last_octet_lies_in_the_window",
    "reset-outside-answered" "RFC9293-3.10.7.4-b" "A reset outside of the window is answered."
        "tcp/arrives/first_sequence.rs" "fn refuse"
        "seg.flags.rst()" => "false",
        "tcp::arrives::first_sequence::tests::a_reset_outside_the_window_is_dropped_without_a_word",
    "reset-anywhere-in-window" "RFC5961-3.2-c" "A reset anywhere in the window resets."
        "tcp/arrives/second_reset.rs" "fn second_check_reset"
        "seg.seq == self.rcv.nxt" => "seg.seq.within(self.rcv.nxt, self.rcv.wnd.octets())",
        "tcp::arrives::second_reset::tests::an_inexact_number_draws_a_challenge_and_the_answer_to_it_resets",
    "reset-never-believed" "RFC5961-3.2-b" "A reset with the exact number is challenged, too."
        "tcp/arrives/second_reset.rs" "fn second_check_reset"
        "seg.seq == self.rcv.nxt" => "false",
        "tcp::arrives::second_reset::tests::the_exact_number_resets_and_only_what_came_before_can_be_read",
    "reset-unchallenged" "RFC5961-3.2-c" "A reset with an inexact number is dropped without a challenge."
        "tcp/arrives/second_reset.rs" "fn second_check_reset"
        "self.challenge(now, cx)" => "",
        "tcp::arrives::second_reset::tests::an_inexact_number_draws_a_challenge_and_the_answer_to_it_resets",
    "challenges-unlimited" "RFC5961-7-a" "Challenge acknowledgements are not counted."
        "tcp/reset.rs" "fn admits"
        "self.sent < limit" => "true",
        "tcp::arrives::second_reset::tests::challenges_are_limited_to_ten_in_five_seconds",
    "challenges-exhausted" "RFC5961-7-b" "The count of challenge acknowledgements never begins anew."
        "tcp/reset.rs" "fn admits"
        "now.since(self.since) >= interval" => "false",
        "tcp::arrives::second_reset::tests::challenges_are_limited_to_ten_in_five_seconds",
    "reset-ends-listening" "RFC9293-3.5-d" "A reset in SYN-RECEIVED ends a passive open for good."
        "tcp/reset.rs" "fn fail_opening"
        "End::BackToListen" => "End::Failed(refused)",
        "tcp::arrives::second_reset::tests::syn_received_goes_where_it_came_from",
    "reset-looks-orderly" "RFC9293-MUST-12" "A reset looks like an orderly end to the application."
        "tcp/reset.rs" "fn enter_closed"
        "self.error = Some(refused)" => "",
        "tcp::arrives::second_reset::tests::the_exact_number_resets_and_only_what_came_before_can_be_read",
    "syn-in-window-silent" "RFC5961-4.2-a" "A SYN in the window is dropped without a challenge."
        "tcp/arrives/fourth_syn.rs" "fn fourth_check_syn"
        "self.challenge(now, cx)" => "",
        "tcp::arrives::fourth_syn::tests::a_syn_anywhere_draws_an_acknowledgement_and_nothing_else",
    "syn-in-window-resets" "RFC9293-3.10.7.4-l" "A SYN in the window ends the connection."
        "tcp/arrives/fourth_syn.rs" "fn fourth_check_syn"
        "self.challenge(now, cx)" => "self.enter_closed(End::Aborted)",
        "tcp::arrives::fourth_syn::tests::a_syn_anywhere_draws_an_acknowledgement_and_nothing_else",
    "syn-received-challenges" "RFC9293-3.10.7.4-k" "A new SYN does not bring SYN-RECEIVED back to LISTEN."
        "tcp/arrives/fourth_syn.rs" "fn fourth_check_syn"
        "self.phase == Phase::SynReceived(Origin::Passive)" => "false",
        "tcp::arrives::fourth_syn::tests::a_new_syn_brings_syn_received_back_to_listen",
    "text-without-ack-taken" "RFC9293-3.10.7.4-o" "A segment without ACK is taken like any other."
        "tcp/arrives/fifth_ack.rs" "fn fifth_check_ack"
        "!seg.ack_set()" => "false",
        "tcp::tests::transitions::every_state_and_every_event",
    "syn-received-any-ack" "RFC9293-3.10.7.4-r" "Any acknowledgement opens the connection in SYN-RECEIVED."
        "tcp/arrives/fifth_ack.rs" "fn fifth_in_syn_received"
        "seg.ack.after(self.snd.una) && seg.ack.at_or_before(self.snd.nxt)" => "true",
        "tcp::arrives::fifth_ack::tests::an_unacceptable_ack_in_syn_received_draws_a_reset_and_changes_nothing",
    "ack-of-the-unsent-taken" "RFC9293-3.10.7.4-p" "An acknowledgement of what was never sent is not refused."
        "tcp/arrives/fifth_ack.rs" "fn is_ack_plausible"
        "ack.at_or_before(self.snd.nxt)" => "ack.at_or_before(self.snd.nxt + 1)",
        "tcp::arrives::fifth_ack::tests::the_range_reaches_back_by_the_largest_window",
    "old-ack-unchecked" "RFC5961-5.2-a" "An acknowledgement may be as old as it likes."
        "tcp/arrives/fifth_ack.rs" "fn is_ack_plausible"
        "ack.at_or_after(oldest)" => "true",
        "tcp::arrives::fifth_ack::tests::the_range_reaches_back_by_the_largest_window",
    "largest-window-forgotten" "RFC5961-5.2-c" "MAX.SND.WND follows the window down."
        "tcp/window.rs" "fn take_window"
        "self.snd.max_wnd.max(self.snd.wnd)" => "self.snd.wnd",
        "tcp::arrives::fifth_ack::tests::the_range_reaches_back_by_the_largest_window",
    "ack-range-unanswered" "RFC5961-5.2-b" "An acknowledgement out of range is dropped without an answer."
        "tcp/arrives/fifth_ack.rs" "fn fifth_in_range"
        "self.challenge(now, cx)" => "",
        "tcp::arrives::fifth_ack::tests::the_range_reaches_back_by_the_largest_window",
    "wl1-unchecked" "RFC9293-3.10.7.4-t" "A segment with an older number changes the window."
        "tcp/arrives/fifth_ack.rs" "fn update_window"
        "self.snd.wl1.before(seg.seq)" => "true",
        "tcp::arrives::fifth_ack::tests::an_old_segment_does_not_say_what_the_window_is",
    "window-update-lost" "RFC9293-3.8.6-b" "A segment without text never changes the window."
        "tcp/arrives/fifth_ack.rs" "fn update_window"
        "self.snd.wl1 == seg.seq" => "false",
        "tcp::arrives::fifth_ack::tests::an_old_segment_does_not_say_what_the_window_is",
    "edge-moves-along" "RFC9293-3.8.6-a" "What is acknowledged moves the right edge, whatever the peer offered."
        "tcp/arrives/fifth_ack.rs" "fn keep_edge"
        "self.snd.una.octets_since(una_before)" => "0",
        "tcp::arrives::fifth_ack::tests::an_acknowledgement_that_says_no_window_leaves_the_edge_where_it_was",
    "syn-sent-unsent-ack-silent" "RFC9293-3.5-c" "SYN-SENT drops an acknowledgement of another connection without a reset."
        "tcp/arrives/syn_sent.rs" "fn syn_sent_first_check_ack"
        "cx.out.segment(&reset::reply_to(segment), Ecn::NotEct)" => "",
        "tcp::arrives::syn_sent::tests::an_ack_of_another_connection_is_reset_at_its_own_number",
    "syn-sent-deaf-to-resets" "RFC9293-3.10.7.3-b" "A reset that acknowledges the SYN does not end the attempt."
        "tcp/arrives/syn_sent.rs" "fn syn_sent_second_check_reset"
        "self.enter_closed(End::Failed(Refused::ConnRefused))" => "",
        "tcp::arrives::syn_sent::tests::a_reset_with_the_right_ack_refuses_the_connection",
    "reset-of-attempt-misnamed" "RFC9293-3.10.7.4-f" "The reset of an attempt to connect looks like that of a connection."
        "tcp/arrives/second_reset.rs" "fn reset_by_peer"
        "Refused::ConnRefused" => "Refused::ConnReset",
        "tcp::arrives::second_reset::tests::syn_received_goes_where_it_came_from",
    "reset-after-close-told" "RFC9293-3.10.7.4-h" "A reset after both FINs is told as an error."
        "tcp/arrives/second_reset.rs" "fn reset_by_peer"
        "self.enter_closed(End::Finished)" => "self.enter_closed(End::Failed(Refused::ConnReset))",
        "tcp::tests::transitions::every_state_and_every_event",
}
