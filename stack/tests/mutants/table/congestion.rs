//! Congestion control (RFC 5681, RFC 6928, RFC 9438).

super::mutants! {
    "congestion-window-ignored" "RFC5681-2-a" "The congestion window does not bound what is sent."
        "tcp/recovery.rs" "fn congestion_room_octets"
        "self.congestion.cwnd_octets()" => "1 << 24",
        "tcp::tests::congestion::no_more_is_in_flight_than_the_window_has_room_for",
    "initial-window-huge" "RFC6928-2-a" "The first window is a hundred segments."
        "tcp/congestion.rs" "fn initial_octets"
        "(u32::from(self.initial_segments) * smss)" => "100 * smss",
        "tcp::tests::congestion::the_window_begins_with_what_was_chosen_up_to_its_bound",
    "initial-window-unbounded" "RFC6928-2-a" "The first window has no bound in octets."
        "tcp/congestion.rs" "fn initial_octets"
        "INITIAL_WINDOW_OCTETS.max(2 * smss)" => "u32::MAX",
        "tcp::tests::congestion::the_window_begins_with_what_was_chosen_up_to_its_bound",
    "initial-window-after-lost-syn" "RFC5681-3.1-d" "A lost SYN does not make the first window smaller."
        "tcp/congestion.rs" "fn open"
        "if ⟦syn_was_lost⟧" => "false",
        "tcp::tests::congestion::the_window_begins_with_what_was_chosen_up_to_its_bound",
    "slow-start-fast" "RFC5681-3.1-h" "An acknowledgement of many segments widens the window by as many."
        "tcp/congestion.rs" "fn on_ack"
        "ack.octets.min(ack.smss_octets)" => "ack.octets",
        "tcp::tests::congestion::slow_start_adds_what_was_acknowledged_and_at_most_a_segment",
    "slow-start-by-segments" "RFC5681-3.1-h" "Every acknowledgement widens the window by a segment, however little it says."
        "tcp/congestion.rs" "fn on_ack"
        "ack.octets.min(ack.smss_octets)" => "ack.smss_octets",
        "tcp::tests::congestion::slow_start_adds_what_was_acknowledged_and_at_most_a_segment",
    "slow-start-endless" "RFC5681-3.1-i" "Slow start does not end at ssthresh."
        "tcp/congestion.rs" "fn on_ack"
        "self.cwnd < self.ssthresh" => "true",
        "tcp::tests::congestion::congestion_avoidance_adds_one_segment_for_each_window",
    "untested-window-grows" "RFC9438-4.2-c" "The window grows although nothing fills it."
        "tcp/congestion.rs" "fn on_ack"
        "ack.flight_octets.saturating_add(ack.smss_octets) <= self.cwnd" => "false",
        "tcp::tests::congestion::a_window_that_nothing_has_tested_does_not_grow",
    "avoidance-by-segments" "RFC5681-3.1-i" "In congestion avoidance every acknowledgement adds a segment."
        "tcp/congestion/reno.rs" "fn avoid"
        "self.counted < cwnd" => "false",
        "tcp::tests::congestion::congestion_avoidance_adds_one_segment_for_each_window",
    "loss-keeps-the-flight" "RFC5681-3.2-g" "A loss does not halve ssthresh."
        "tcp/congestion/reno.rs" "fn ssthresh_after_loss"
        "(flight / 2)" => "flight",
        "tcp::tests::congestion::a_loss_leaves_half_of_the_flight_and_two_segments_at_least",
    "loss-keeps-the-window" "RFC5681-3.1-g" "A loss does not make the window smaller."
        "tcp/congestion.rs" "fn on_congestion"
        "self.cwnd = self.ssthresh" => "",
        "tcp::tests::congestion::a_loss_leaves_half_of_the_flight_and_two_segments_at_least",
    "timeout-keeps-the-window" "RFC5681-3.1-l" "A timeout leaves more than one segment."
        "tcp/congestion.rs" "fn on_timeout"
        "self.cwnd = smss" => "self.cwnd = 2 * smss",
        "tcp::tests::congestion::a_timeout_leaves_one_segment_and_a_second_one_no_less_to_grow_to",
    "timeout-counts-twice" "RFC5681-3.1-k" "A second timeout of the same segment lowers ssthresh again."
        "tcp/congestion.rs" "fn on_timeout"
        "if ⟦first⟧" => "true",
        "tcp::tests::congestion::a_timeout_leaves_one_segment_and_a_second_one_no_less_to_grow_to",
    "pause-forgotten" "RFC5681-4.1-a" "After a pause the window is as large as before."
        "tcp/congestion.rs" "fn on_idle"
        "self.cwnd.min(self.initial_octets(smss))" => "self.cwnd",
        "tcp::tests::congestion::a_pause_takes_the_window_back_to_where_it_began",
    "pause-widens" "RFC5681-4.1-a" "After a pause the window is the first one, even if it was smaller."
        "tcp/congestion.rs" "fn on_idle"
        "self.cwnd.min(self.initial_octets(smss))" => "self.initial_octets(smss)",
        "tcp::tests::congestion::a_pause_takes_the_window_back_to_where_it_began",
    "cubic-beta-half" "RFC9438-4.6-b" "CUBIC keeps half."
        "tcp/congestion/cubic.rs" "fn ssthresh_after_loss"
        "part(flight, ⟦BETA⟧)" => "(1, 2)",
        "tcp::tests::congestion::cubic_keeps_seven_tenths_and_is_back_after_the_cube_root_of_what_it_lost",
    "cubic-beta-nine-tenths" "RFC9438-4.6-b" "CUBIC keeps nine tenths."
        "tcp/congestion/cubic.rs" "fn ssthresh_after_loss"
        "part(flight, ⟦BETA⟧)" => "(9, 10)",
        "tcp::tests::congestion::cubic_keeps_seven_tenths_and_is_back_after_the_cube_root_of_what_it_lost",
    "cubic-scale" "RFC9438-5-a" "C of CUBIC is 0.04."
        "tcp/congestion/cubic.rs" "fn curve"
        "10_000_000_000" => "100_000_000_000",
        "tcp::tests::congestion::cubic_keeps_seven_tenths_and_is_back_after_the_cube_root_of_what_it_lost",
    "cubic-plateau-early" "RFC9438-4.2-a" "K of CUBIC is computed without C."
        "tcp/congestion/cubic.rs" "fn begin"
        "2_500_000_000" => "1_000_000_000",
        "tcp::tests::congestion::cubic_keeps_seven_tenths_and_is_back_after_the_cube_root_of_what_it_lost",
    "cubic-no-convergence" "RFC9438-4.7-a" "CUBIC does not make room after an early second loss."
        "tcp/congestion/cubic.rs" "fn ssthresh_after_loss"
        "cwnd < self.w_max" => "false",
        "tcp::tests::congestion::cubic_leaves_room_to_others_if_the_second_loss_comes_early",
    "cubic-slower-than-reno" "RFC9438-4.3-a" "CUBIC does not look at what Reno would reach."
        "tcp/congestion/cubic.rs" "fn avoid"
        "epoch.curve(t, smss) < estimate" => "false",
        "tcp::tests::congestion::cubic_is_not_slower_than_reno_where_the_path_is_short",
    "cubic-estimate-too-fast" "RFC9438-4.3-b" "CUBIC's estimate of Reno grows by a segment from the beginning."
        "tcp/congestion/cubic.rs" "fn estimate_after"
        "self.estimate >> 16 < u64::from(prior)" => "false",
        "tcp::tests::congestion::cubic_is_not_slower_than_reno_where_the_path_is_short",
}
