//! What is done about losses (RFC 5681 section 3.2, RFC 6582, RFC 6675, RFC 2018 section 5).

super::mutants! {
    "duplicate-threshold-one" "RFC5681-3.2-c" "The first duplicate acknowledgement is taken for a loss."
        "tcp/recovery.rs" "fn on_duplicate"
        "self.recovery.duplicates >= DUPLICATES" => "true",
        "tcp::tests::losses::the_third_duplicate_brings_the_lost_segment_and_each_further_one_widens_the_window",
    "no-fast-retransmit" "RFC5681-3.2-c" "Duplicate acknowledgements are never taken for a loss."
        "tcp/recovery.rs" "fn on_duplicate"
        "lost && self.may_recover()" => "false",
        "tcp::tests::losses::the_third_duplicate_brings_the_lost_segment_and_each_further_one_widens_the_window",
    "recovery-begins-twice" "RFC6582-3.2-b" "Duplicates of what recovery sent again begin another recovery."
        "tcp/recovery.rs" "fn may_recover"
        "una.after(recover)" => "true",
        "tcp::tests::losses::a_partial_acknowledgement_brings_the_next_hole_and_a_full_one_ends_recovery",
    "data-counts-as-duplicate" "RFC5681-2-b" "Segments with data count as duplicate acknowledgements."
        "tcp/recovery.rs" "fn is_duplicate"
        "&& ⟦empty⟧" => "true",
        "tcp::tests::losses::what_carries_data_or_another_window_is_no_duplicate",
    "window-update-counts-as-duplicate" "RFC5681-2-b" "News of the window count as duplicate acknowledgements."
        "tcp/recovery.rs" "fn is_duplicate"
        "self.window_of(seg) == self.snd.wnd" => "true",
        "tcp::tests::losses::what_carries_data_or_another_window_is_no_duplicate",
    "recovery-not-halved" "RFC5681-3.2-g" "Fast recovery does not reduce the window."
        "tcp/recovery.rs" "fn enter_recovery"
        "self.congestion.on_congestion(self.flight_octets(), smss)" => "",
        "tcp::tests::losses::the_third_duplicate_brings_the_lost_segment_and_each_further_one_widens_the_window",
    "recovery-not-inflated" "RFC5681-3.2-h" "The three segments that have left the network do not count."
        "tcp/recovery.rs" "fn enter_recovery"
        "base + u32::from(DUPLICATES) * smss" => "base",
        "tcp::tests::losses::the_third_duplicate_brings_the_lost_segment_and_each_further_one_widens_the_window",
    "further-duplicates-do-not-count" "RFC5681-3.2-i" "Duplicates during recovery do not widen the window."
        "tcp/recovery.rs" "fn on_duplicate"
        "(self.congestion.cwnd_octets() + smss).min(most)" => "self.congestion.cwnd_octets()",
        "tcp::tests::losses::the_third_duplicate_brings_the_lost_segment_and_each_further_one_widens_the_window",
    "limited-transmit-missing" "RFC5681-3.2-d" "The first duplicates do not bring new segments."
        "tcp/recovery.rs" "fn congestion_room_octets"
        "u32::from(self.recovery.duplicates.min(2)) * smss" => "0",
        "tcp::tests::losses::the_third_duplicate_brings_the_lost_segment_and_each_further_one_widens_the_window",
    "limited-transmit-unlimited" "RFC5681-3.2-d" "Each duplicate brings a new segment, however many there are."
        "tcp/recovery.rs" "fn congestion_room_octets"
        "u32::from(self.recovery.duplicates.min(2)) * smss" => "u32::from(self.recovery.duplicates) * smss",
        "tcp::tests::losses::a_partial_acknowledgement_brings_the_next_hole_and_a_full_one_ends_recovery",
    "partial-ack-brings-nothing" "RFC6582-3.2-c" "A partial acknowledgement does not bring the next hole."
        "tcp/recovery.rs" "fn deflate"
        "Stage::Fast { until, base, front: true }" => "Stage::Fast { until, base, front: false }",
        "tcp::tests::losses::a_partial_acknowledgement_brings_the_next_hole_and_a_full_one_ends_recovery",
    "partial-ack-not-deflated" "RFC6582-3.2-d" "A partial acknowledgement leaves the window inflated."
        "tcp/recovery.rs" "fn deflate"
        "self.congestion.cwnd_octets().saturating_sub(octets) + back" => "self.congestion.cwnd_octets()",
        "tcp::tests::losses::a_partial_acknowledgement_brings_the_next_hole_and_a_full_one_ends_recovery",
    "recovery-stays-inflated" "RFC6582-3.2-e" "After recovery the window stays inflated."
        "tcp/recovery.rs" "fn acknowledged"
        "base.min(flight)" => "self.congestion.cwnd_octets()",
        "tcp::tests::losses::a_partial_acknowledgement_brings_the_next_hole_and_a_full_one_ends_recovery",
    "timeout-keeps-cwnd" "RFC5681-3.1-l" "A timeout does not reduce the window."
        "tcp/recovery.rs" "fn lose_everything"
        "self.congestion.on_timeout(self.resends <= 1, self.flight_octets(), self.smss_octets())" => "",
        "tcp::tests::losses::a_timeout_forgets_what_was_reported_and_begins_with_one_segment",
    "timeout-keeps-reports" "RFC2018-5-b" "After a timeout what was reported is still believed to be there."
        "tcp/recovery.rs" "fn lose_everything"
        "self.sack.forget()" => "",
        "tcp::tests::losses::a_timeout_forgets_what_was_reported_and_begins_with_one_segment",
    "reported-sent-again" "RFC2018-5-a" "Recovery sends again what was reported."
        "tcp/recovery.rs" "fn cut_again"
        "gap_end.map_or(end, |gap_end| gap_end.earlier(end))" => "end",
        "tcp::tests::losses::a_hole_is_filled_to_the_octet",
    "pipe-ignored" "RFC6675-5-b" "What is in flight does not count during recovery."
        "tcp/recovery.rs" "fn congestion_room_octets"
        "Some(cwnd.saturating_sub(flight)).filter(|room| *room >= smss).unwrap_or(0)" => "cwnd",
        "tcp::tests::losses::holes_are_filled_as_the_pipe_empties_and_nothing_that_arrived_is_sent_again",
    "pipe-without-losses" "RFC6675-5-b" "What is lost counts as in flight."
        "tcp/recovery.rs" "fn in_flight_octets"
        "self.lost_before().map_or(una, |edge| edge.later(una))" => "una",
        "tcp::tests::losses::holes_are_filled_as_the_pipe_empties_and_nothing_that_arrived_is_sent_again",
    "no-rescue" "RFC6675-5-c" "The last segment is not sent again when nothing else can be."
        "tcp/recovery.rs" "fn last_resort"
        "!una.after(rescue)" => "true",
        "tcp::tests::losses::the_last_segment_is_sent_again_once_lest_nothing_drives_recovery",
    "one-report-is-a-loss" "RFC6675-5-a" "Whatever lies below a single report is lost."
        "tcp/sack.rs" "fn lost_before"
        "⟦count >= threshold⟧ ||" => "true",
        "tcp::tests::losses::holes_are_filled_as_the_pipe_empties_and_nothing_that_arrived_is_sent_again",
    "octets-do-not-count" "RFC6675-5-a" "Only the number of reports tells of a loss, not what they cover."
        "tcp/sack.rs" "fn lost_before"
        "|| ⟦octets > enough⟧" => "false",
        "tcp::tests::losses::one_report_of_more_than_two_segments_is_enough",
    "report-of-the-unsent" "RFC2018-5-a" "A report of what was never sent is believed."
        "tcp/sack.rs" "fn judge_block"
        "end.after(self.snd.nxt)" => "false",
        "tcp::tests::losses::reports_of_nonsense_are_told_apart",
    "duplicate-report-is-old" "RFC2883-5-a" "A report of what came twice is not told from an old one."
        "tcp/sack.rs" "fn judge_block"
        "⟦at == 0⟧ &&" => "false",
        "tcp::tests::losses::reports_of_nonsense_are_told_apart",
}
