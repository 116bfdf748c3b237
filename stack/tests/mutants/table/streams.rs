//! Data in both directions: what is kept, what is cut, windows, urgent data (RFC 9293 sections 3.8 and 3.10).

super::mutants! {
    "text-unacknowledged" "RFC9293-3.10.7.4-aa" "Text is never acknowledged."
        "tcp/arrives/seventh_text.rs" "fn seventh_take_text"
        "self.receive_buffer.take_in_order()" => "0",
        "tcp::arrives::seventh_text::tests::text_in_order_is_delivered_and_acknowledged",
    "window-stays-while-text-comes" "RFC9293-3.10.7.4-ab" "The right edge moves along with what arrives."
        "tcp/arrives/seventh_text.rs" "fn advance_rcv_nxt"
        "self.rcv.wnd.octets() - octets" => "self.rcv.wnd.octets()",
        "tcp::tests::transfer::the_right_edge_stays_until_a_large_step_is_possible",
    "text-after-fin-silent" "RFC9293-3.10.7.4-z" "Text after the FIN is dropped without an acknowledgement."
        "tcp/arrives/seventh_text.rs" "fn seventh_take_text"
        "self.ack_owed = true" => "",
        "tcp::arrives::seventh_text::tests::text_after_the_fin_is_acknowledged_and_forgotten",
    "out-of-order-dropped" "RFC9293-SHLD-31" "Text out of order is not kept."
        "tcp/arrives/seventh_text.rs" "fn hold_text"
        "self.receive_buffer.hold(at, seg.payload)" => "if at > 0 { Held::TooManyGaps } else { self.receive_buffer.hold(at, seg.payload) }",
        "tcp::tests::transfer::text_out_of_order_is_kept_and_delivered_in_order",
    "early-fin-dropped" "RFC9293-3.10.7.4-af" "A FIN behind a gap is forgotten."
        "tcp/arrives/seventh_text.rs" "fn hold_text"
        "seg.flags.fin()" => "seg.flags.fin() && at == 0",
        "tcp::tests::transfer::text_out_of_order_is_kept_and_delivered_in_order",
    "fin-beside-its-place" "RFC9293-3.6-a" "The FIN counts where its segment begins."
        "tcp/arrives/seventh_text.rs" "fn hold_text"
        "at + seg.text_octets()" => "at",
        "tcp::arrives::eighth_fin::tests::the_fin_takes_a_number_and_ends_the_stream",
    "text-beyond-window-kept" "RFC9293-3.10.7.4-c" "Text beyond the right edge is kept."
        "tcp/arrives/seventh_text.rs" "fn hold_text"
        "self.rcv.wnd.octets().saturating_sub(at)" => "u32::MAX",
        "tcp::tests::edges::text_on_a_syn_is_cut_off_at_the_window",
    "second-copy-counts" "RFC9293-3.4-c" "Of two copies of an octet the second one is delivered."
        "tcp/receive.rs" "fn hold"
        "self.unite(start, end, first, last)" => "self.write(start, data); self.unite(start, end, first, last)",
        "tcp::arrives::seventh_text::tests::the_first_copy_of_an_octet_counts",
    "islands-not-joined" "RFC9293-SHLD-31" "An island forgets what lies on its left."
        "tcp/receive.rs" "fn unite"
        "start.min(self.islands[first].start)" => "start",
        "tcp::tests::edges::text_out_of_order_grows_on_both_sides",
    "gap-delivered" "RFC9293-3.10.7.4-aa" "What lies behind a gap is delivered as if it were next."
        "tcp/arrives/seventh_text.rs" "fn hold_text"
        "self.receive_buffer.hold(at, seg.payload)" => "self.receive_buffer.hold(0, seg.payload)",
        "tcp::tests::transfer::text_out_of_order_is_kept_and_delivered_in_order",
    "later-fin-counts" "RFC9293-3.6-a" "Of two FINs the later one counts."
        "tcp/receive.rs" "fn hold_fin"
        "known.min(at)" => "known.max(at)",
        "tcp::arrives::eighth_fin::tests::of_two_fins_the_earlier_counts_and_nothing_beyond_it",
    "gaps-unbounded" "RFC9293-SHLD-31" "The gaps that are remembered have no bound."
        "tcp/receive.rs" "fn hold"
        "self.islands.len() >= MAX_ISLANDS" => "false",
        "tcp::tests::transfer::the_gaps_that_are_remembered_are_bounded",
    "end-of-stream-hidden" "RFC9293-3.10.3-d" "After the last octet the application waits for ever."
        "tcp/receive.rs" "fn nothing_to_read"
        "self.peer_fin" => "false",
        "tcp::arrives::eighth_fin::tests::the_fin_takes_a_number_and_ends_the_stream",
    "data-beyond-window" "RFC9293-3.8.6-a" "The window of the peer does not bound what is sent."
        "tcp/send.rs" "fn new_cut"
        "unsent.min(usable).min(self.effective_mss_octets())" => "unsent.min(self.effective_mss_octets())",
        "tcp::tests::transfer::a_close_sends_everything_and_then_one_fin",
    "segment-size-ignored" "RFC9293-MUST-16" "Segments are as large as the window allows."
        "tcp/send.rs" "fn new_cut"
        "unsent.min(usable).min(self.effective_mss_octets())" => "unsent.min(usable)",
        "tcp::tests::transfer::segments_are_as_large_as_both_ends_and_the_path_allow",
    "segment-size-ignored-again" "RFC9293-MUST-16" "What is sent again may be larger than a segment."
        "tcp/send.rs" "fn cut_at"
        "stored.min(limit).min(self.effective_mss_octets())" => "stored.min(limit)",
        "tcp::tests::timing::a_window_shrunk_to_nothing_is_probed_with_old_data",
    "fin-before-data" "RFC9293-3.6-a" "The FIN leaves although data waits."
        "tcp/send.rs" "fn new_cut"
        "data == unsent" => "true",
        "tcp::tests::edges::the_fin_waits_for_all_segments_before_it",
    "fin-beyond-window" "RFC9293-3.8.6-a" "The FIN does not need a window."
        "tcp/send.rs" "fn new_cut"
        "usable > data" => "true",
        "tcp::tests::timing::the_fin_probes_a_closed_window_when_nothing_else_is_left",
    "push-missing" "RFC9293-MUST-61" "PSH is never set."
        "tcp/emit.rs" "fn send_cut"
        "flags = flags | Flags::PSH" => "",
        "tcp::tests::transfer::what_was_written_before_the_handshake_leaves_after_it",
    "push-always" "RFC9293-MUST-61" "PSH is set on every segment with data."
        "tcp/emit.rs" "fn send_cut"
        "cut.seq + cut.data_octets == self.send_buffer.end()" => "true",
        "tcp::tests::transfer::segments_are_as_large_as_both_ends_and_the_path_allow",
    "ack-at-una" "RFC9293-3.10.7.4-ac" "Empty acknowledgements have the number SND.UNA."
        "tcp/emit.rs" "fn send_ack"
        "self.snd.nxt" => "self.snd.una",
        "tcp::arrives::second_reset::tests::an_inexact_number_draws_a_challenge_and_the_answer_to_it_resets",
    "urgent-pointer-to-the-last-octet" "RFC9293-MUST-62" "The urgent pointer names the last urgent octet."
        "tcp/emit.rs" "fn urgent_fields"
        "up.octets_since(seq)" => "up.octets_since(seq) - 1",
        "tcp::tests::transfer::urgent_data_is_announced_until_it_is_acknowledged",
    "urgent-length-bounded" "RFC9293-MUST-31" "Urgent data further ahead than the field can say is not announced."
        "tcp/emit.rs" "fn urgent_fields"
        "unwrap_or(⟦u16::MAX⟧)" => "0",
        "tcp::tests::transfer::urgent_data_of_any_length_is_announced",
    "urgent-once" "RFC9293-3.10.2-e" "Urgent data counts as known once the SYN is through."
        "tcp/send.rs" "fn send"
        "self.ack_owed = self.state().is_synchronized()" => "",
        "tcp::tests::transfer::the_peer_hears_of_urgent_data_although_its_window_is_closed",
    "urgent-mark-goes-back" "RFC9293-3.10.7.4-y" "A smaller urgent pointer takes the mark back."
        "tcp/arrives/sixth_urgent.rs" "fn note_urgent"
        "known.later(up)" => "up",
        "tcp::arrives::sixth_urgent::tests::the_user_is_told_when_the_pointer_appears_and_when_it_advances",
    "urgent-untold" "RFC9293-MUST-32" "The application does not hear of urgent data."
        "tcp/arrives/sixth_urgent.rs" "fn sixth_check_urgent"
        "cx.out.report(Report::Urgent)" => "",
        "tcp::arrives::sixth_urgent::tests::the_user_is_told_when_the_pointer_appears_and_when_it_advances",
    "urgent-pointer-without-flag" "RFC9293-3.1-f" "The urgent pointer counts without URG."
        "tcp/arrives.rs" "fn new"
        "segment.flags.urg()" => "(segment.flags.urg() || segment.urgent_pointer > 0)",
        "tcp::tests::edges::without_its_bit_the_urgent_pointer_says_nothing",
    "urgent-after-fin" "RFC9293-3.10.7.4-z" "Urgent pointers count after the FIN."
        "tcp/arrives/sixth_urgent.rs" "fn sixth_check_urgent"
        "cx.out.discard(Why::TcpAfterFin)" => "self.note_urgent(seg)",
        "tcp::arrives::sixth_urgent::tests::after_the_fin_there_is_nothing_urgent",
    "silly-segments-sent" "RFC9293-MUST-38" "A window that opened a little is filled at once."
        "tcp/window.rs" "fn is_worth_sending"
        "(everything || ⟦half⟧)" => "true",
        "tcp::tests::timing::the_override_timeout_sends_what_silly_window_avoidance_holds_back",
    "half-window-not-enough" "RFC9293-3.8.6-e" "Half of the largest window is not worth a segment."
        "tcp/window.rs" "fn is_worth_sending"
        "(everything || ⟦half⟧)" => "false",
        "tcp::tests::edges::half_of_the_largest_window_is_worth_a_segment",
    "silly-windows-offered" "RFC9293-MUST-39" "The right edge moves by a single octet."
        "tcp/window.rs" "fn may_advance_window"
        "(self.receive_limit_octets() / 2).min(self.effective_mss_octets()).max(1)" => "1",
        "tcp::tests::transfer::the_right_edge_stays_until_a_large_step_is_possible",
    "half-buffer-not-enough" "RFC9293-MUST-39" "The window does not open by half of the buffer, only by segments."
        "tcp/window.rs" "fn may_advance_window"
        "(self.receive_limit_octets() / 2).min(self.effective_mss_octets()).max(1)" => "self.effective_mss_octets()",
        "tcp::tests::edges::half_of_a_small_buffer_is_worth_an_announcement",
    "window-update-untold" "RFC9293-3.10.3-c" "The peer does not hear that its window is open again."
        "tcp/window.rs" "fn tell_window"
        "receiving && self.may_advance_window()" => "false",
        "tcp::tests::transfer::the_right_edge_stays_until_a_large_step_is_possible",
    "window-negative" "RFC9293-MUST-34" "What a shrunk window leaves over counts as an open one."
        "tcp/window.rs" "fn usable_octets"
        "unwrap_or(⟦0⟧)" => "u32::MAX",
        "tcp::tests::timing::a_shrunk_window_brings_no_new_data_and_limits_what_is_sent_again",
    "acknowledged-kept" "RFC9293-3.10.7.4-s" "What is acknowledged stays in the send buffer."
        "tcp/arrives/fifth_ack.rs" "fn take_acknowledgement"
        "self.send_buffer.acknowledge(ack)" => "",
        "tcp::arrives::fifth_ack::tests::what_is_acknowledged_leaves_the_buffer",
    "send-buffer-unbounded" "RFC9293-3.10.2-d" "The send buffer takes whatever it is given."
        "tcp/send.rs" "fn push"
        "min(⟦room⟧)" => "u32::MAX",
        "tcp::tests::transfer::the_send_buffer_takes_what_it_has_room_for",
    "urgent-octets-forgotten" "RFC9293-MUST-33" "Urgent data that was received and not read does not count."
        "tcp/tcb.rs" "fn urgent_octets_left"
        "up.distance_from(⟦self.consumed()⟧)" => "self.rcv.nxt",
        "tcp::arrives::sixth_urgent::tests::the_user_is_told_when_the_pointer_appears_and_when_it_advances",
    "ack-missing" "RFC9293-3.1-e" "Segments after the handshake have no ACK."
        "tcp/emit.rs" "fn ack_flag"
        "Flags::ACK" => "Flags::NONE",
        "tcp::tests::transfer::what_was_written_before_the_handshake_leaves_after_it",
}
