//! FIN, CLOSE, ABORT and TIME-WAIT (RFC 9293 sections 3.6, 3.10.4, 3.10.5).

super::mutants! {
    "fin-unacknowledged" "RFC9293-3.6-c" "The peer's FIN is not acknowledged."
        "tcp/arrives/eighth_fin.rs" "fn eighth_check_fin"
        "self.ack_owed = true" => "self.ack_owed = false",
        "tcp::arrives::eighth_fin::tests::the_fin_takes_a_number_and_ends_the_stream",
    "fin-on-syn-unacknowledged" "RFC9293-3.10.7.4-ad" "A FIN that came with the SYN is taken without an acknowledgement."
        "tcp/arrives/eighth_fin.rs" "fn eighth_check_fin"
        "self.ack_owed = true" => "",
        "tcp::tests::edges::a_fin_on_a_syn_is_acknowledged_when_the_handshake_is_over",
    "fin-without-number" "RFC9293-3.10.7.4-ad" "The peer's FIN takes no sequence number."
        "tcp/arrives/eighth_fin.rs" "fn eighth_check_fin"
        "self.advance_rcv_nxt(1)" => "",
        "tcp::arrives::eighth_fin::tests::the_fin_takes_a_number_and_ends_the_stream",
    "fin-acknowledged-too-far" "RFC9293-3.10.7.4-ad" "The peer's FIN takes two sequence numbers."
        "tcp/arrives/eighth_fin.rs" "fn eighth_check_fin"
        "self.advance_rcv_nxt(1)" => "self.advance_rcv_nxt(2)",
        "tcp::arrives::eighth_fin::tests::the_fin_takes_a_number_and_ends_the_stream",
    "simultaneous-close-skips-closing" "RFC9293-3.6-d" "FINs that cross lead to TIME-WAIT at once."
        "tcp/arrives/eighth_fin.rs" "fn eighth_check_fin"
        "self.phase = Phase::Closing" => "self.enter_time_wait(now)",
        "tcp::tests::transfer::both_close_at_once",
    "half-close-closes" "RFC9293-3.6-e" "The peer's FIN closes the own direction, too."
        "tcp/arrives/eighth_fin.rs" "fn eighth_check_fin"
        "self.phase = Phase::CloseWait" => "(self.phase, self.shut) = (Phase::CloseWait, true)",
        "tcp::tests::transfer::one_direction_closes_and_the_other_goes_on",
    "fin-wait-2-too-early" "RFC9293-3.10.7.4-u" "Any acknowledgement leads from FIN-WAIT-1 to FIN-WAIT-2."
        "tcp/arrives/fifth_ack.rs" "fn fifth_own_fin"
        "self.fin_acknowledged()" => "true",
        "tcp::arrives::fifth_ack::tests::an_ack_of_data_but_not_of_the_fin_leaves_fin_wait_1_alone",
    "fin-wait-2-never" "RFC9293-3.10.7.4-u" "The acknowledgement of the FIN does not lead to FIN-WAIT-2."
        "tcp/arrives/fifth_ack.rs" "fn fifth_own_fin"
        "self.phase = Phase::FinWait2" => "",
        "tcp::arrives::fifth_ack::tests::an_ack_of_data_but_not_of_the_fin_leaves_fin_wait_1_alone",
    "closing-without-time-wait" "RFC9293-3.10.7.4-v" "CLOSING ends without TIME-WAIT."
        "tcp/arrives/fifth_ack.rs" "fn fifth_own_fin"
        "self.enter_time_wait(now)" => "self.enter_closed(End::Finished)",
        "tcp::tests::transfer::both_close_at_once",
    "last-ack-lingers" "RFC9293-3.10.7.4-w" "LAST-ACK goes to TIME-WAIT instead of ending."
        "tcp/arrives/fifth_ack.rs" "fn fifth_own_fin"
        "self.enter_closed(End::Finished)" => "self.enter_time_wait(now)",
        "tcp::tests::transfer::close_wait_lasts_until_the_fin_leaves",
    "time-wait-halved" "RFC9293-MUST-13" "TIME-WAIT lasts one segment lifetime."
        "tcp/timeouts.rs" "fn enter_time_wait"
        "self.settings.msl.times(2)" => "self.settings.msl",
        "tcp::tests::timing::time_wait_lasts_two_segment_lifetimes_and_a_fin_sent_again_starts_them_again",
    "time-wait-not-restarted" "RFC9293-3.10.7.4-x" "A FIN sent again does not start TIME-WAIT again."
        "tcp/arrives/first_sequence.rs" "fn refuse"
        "self.enter_time_wait(now)" => "",
        "tcp::tests::timing::time_wait_lasts_two_segment_lifetimes_and_a_fin_sent_again_starts_them_again",
    "time-wait-restarted-by-anything" "RFC9293-3.10.7.4-x" "Any old segment with a FIN starts TIME-WAIT again."
        "tcp/arrives/first_sequence.rs" "fn refuse"
        "seg.seq + seg.len() == self.rcv.nxt" => "true",
        "tcp::tests::timing::time_wait_lasts_two_segment_lifetimes_and_a_fin_sent_again_starts_them_again",
    "syn-sent-close-lingers" "RFC9293-3.10.4-a" "CLOSE in SYN-SENT does not end the attempt."
        "tcp/close.rs" "fn shutdown_write"
        "self.enter_closed(End::Finished)" => "()",
        "tcp::tests::transitions::every_state_and_every_event",
    "last-ack-forgotten" "RFC9293-3.10.4-e" "The FIN leaves in CLOSE-WAIT, which stays."
        "tcp/emit.rs" "fn send_cut"
        "self.phase = Phase::LastAck" => "",
        "tcp::tests::transfer::one_direction_closes_and_the_other_goes_on",
    "unread-data-lost-in-silence" "RFC9293-SHLD-3" "Closing over data that nobody has read sends FIN."
        "tcp/close.rs" "fn close"
        "self.unread_octets() > 0" => "false",
        "tcp::tests::transfer::closing_over_unread_data_resets",
    "late-data-swallowed" "RFC9293-SHLD-3" "Data that comes after a full close is taken in silence."
        "tcp/arrives/seventh_text.rs" "fn seventh_take_text"
        "self.reader_gone" => "false",
        "tcp::tests::transfer::data_after_a_full_close_draws_a_reset",
    "abort-silent" "RFC9293-3.10.5-a" "ABORT does not tell the peer."
        "tcp/close.rs" "fn abort"
        "self.send_reset(now, cx)" => "",
        "tcp::tests::transitions::every_state_and_every_event",
    "reset-at-una" "RFC9293-3.10.5-a" "The own reset has the number SND.UNA."
        "tcp/reset.rs" "fn send_reset"
        "self.snd.nxt" => "self.snd.una",
        "tcp::tests::transitions::every_state_and_every_event",
    "reset-behind-probe" "RFC5961-3.2-b" "A reset for a peer with a closed window counts the octet that it refused."
        "tcp/reset.rs" "fn send_reset"
        "self.snd.wnd.octets() == 0" => "false",
        "tcp::tests::timing::an_orphan_before_a_closed_window_is_given_up_and_the_peer_is_told",
    "orphan-dies-silent" "RFC9293-3.10.5-a" "An orphan that is given up does not tell the peer."
        "tcp/timeouts.rs" "fn on_due"
        "self.reader_gone && !self.syn_outstanding()" => "false",
        "tcp::tests::timing::an_orphan_that_nobody_acknowledges_is_aborted",
    "send-after-close" "RFC9293-3.10.2-f" "SEND is taken after CLOSE."
        "tcp/send.rs" "fn send"
        "self.shut" => "false",
        "tcp::tests::transfer::close_wait_lasts_until_the_fin_leaves",
    "fin-not-sent-again" "RFC9293-3.6-b" "The FIN is not sent a second time."
        "tcp/send.rs" "fn cut_at"
        "self.shut && data == stored && limit > data" => "false",
        "tcp::tests::timing::a_fin_is_sent_again_in_every_state_that_waits_for_its_acknowledgement",
    "close-overtakes-data" "RFC9293-3.10.4-b" "CLOSE in SYN-RECEIVED does not wait for what was written."
        "tcp/close.rs" "fn shutdown_write"
        "self.send_buffer.len_octets() == 0" => "true",
        "tcp::tests::transfer::a_close_before_the_handshake_waits_for_what_was_written",
    "end-untold" "RFC9293-3.6-f" "The application does not hear that the peer has closed."
        "tcp/tcb.rs" "fn readiness"
        "self.peer_fin || closed" => "closed",
        "tcp::arrives::eighth_fin::tests::the_fin_takes_a_number_and_ends_the_stream",
    "time-wait-endless" "RFC9293-3.10.8-c" "TIME-WAIT does not end."
        "tcp/timeouts.rs" "fn on_due"
        "self.enter_closed(End::Finished)" => "",
        "tcp::tests::timing::time_wait_lasts_two_segment_lifetimes_and_a_fin_sent_again_starts_them_again",
}
