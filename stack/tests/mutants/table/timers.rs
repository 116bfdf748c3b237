//! Timers: retransmission, probes of a closed window, giving up (RFC 6298, RFC 9293 section 3.8).

super::mutants! {
    "rto-not-doubled" "RFC6298-5.5-a" "The timeout stays the same however often it expires."
        "tcp/rto.rs" "fn back_off"
        "self.span.times(2).min(self.max)" => "self.span",
        "tcp::rto::tests::back_off_doubles_up_to_the_bound_and_a_sample_ends_it",
    "rto-unbounded" "RFC6298-2.5-a" "The timeout has no upper bound."
        "tcp/rto.rs" "fn back_off"
        "self.span.times(2).min(self.max)" => "self.span.times(2)",
        "tcp::rto::tests::back_off_doubles_up_to_the_bound_and_a_sample_ends_it",
    "rto-below-a-second" "RFC6298-2.4-a" "The timeout has no lower bound."
        "tcp/rto.rs" "fn within_bounds"
        "span.max(self.min)" => "span",
        "tcp::rto::tests::the_lower_bound_is_one_second",
    "rttvar-first-sample" "RFC6298-2.2-a" "The first round trip counts as its own variation."
        "tcp/rto.rs" "fn sample"
        "rtt.divided_by(2)" => "rtt",
        "tcp::rto::tests::the_formulas_give_the_numbers_that_one_computes_by_hand",
    "srtt-forgets" "RFC6298-2.3-a" "The smoothed round trip is the last one."
        "tcp/rto.rs" "fn sample"
        "old.srtt.times(7) + rtt" => "rtt.times(8)",
        "tcp::rto::tests::the_formulas_give_the_numbers_that_one_computes_by_hand",
    "rttvar-after-srtt" "RFC6298-2.3-a" "The variation is half of what it should be."
        "tcp/rto.rs" "fn sample"
        "measured.rttvar.times(4).max(GRANULARITY)" => "measured.rttvar.times(2).max(GRANULARITY)",
        "tcp::rto::tests::the_formulas_give_the_numbers_that_one_computes_by_hand",
    "granularity-missing" "RFC6298-4-a" "Steady round trips leave no margin."
        "tcp/rto.rs" "fn sample"
        "measured.rttvar.times(4).max(GRANULARITY)" => "measured.rttvar.times(4)",
        "tcp::rto::tests::steady_round_trips_leave_the_granularity_as_margin",
    "lost-syn-forgotten" "RFC6298-5.7-a" "After a lost SYN data does not begin with three seconds."
        "tcp/rto.rs" "fn restart_after_lost_syn"
        "initial < AFTER_LOST_SYN" => "false",
        "tcp::tests::timing::after_a_lost_syn_data_begins_with_three_seconds",
    "karn-ignored" "RFC6298-3-a" "What was sent twice is timed."
        "tcp/emit.rs" "fn send_cut"
        "self.timed = None" => "",
        "tcp::tests::timing::a_round_trip_is_measured_and_karn_keeps_the_back_off",
    "never-timed" "RFC6298-3-b" "No round trip is ever measured."
        "tcp/emit.rs" "fn send_cut"
        "self.timed = Some((end, now))" => "",
        "tcp::tests::timing::a_round_trip_is_measured_and_karn_keeps_the_back_off",
    "nothing-sent-again" "RFC9293-3.10.8-b" "When the timer expires nothing is sent again."
        "tcp/timeouts.rs" "fn on_retransmission_timeout"
        "self.lose_everything()" => "",
        "tcp::tests::timing::data_is_sent_again_with_doubled_intervals_up_to_the_bound",
    "syn-not-sent-again" "RFC9293-MUST-22" "A SYN is not sent a second time."
        "tcp/timeouts.rs" "fn on_retransmission_timeout"
        "self.send_cut(now, Cut::syn(self.iss), cx)" => "",
        "tcp::tests::timing::a_syn_is_sent_for_three_minutes_with_doubled_intervals",
    "timer-runs-on" "RFC6298-5.1-a" "An acknowledgement of a part does not start the timer again."
        "tcp/arrives/fifth_ack.rs" "fn take_acknowledgement"
        "self.timer = Timer::Idle" => "",
        "tcp::tests::timing::an_acknowledgement_of_a_part_starts_the_timer_again",
    "resent-beyond-shrunk-window" "RFC9293-SHLD-16" "What is sent again does not keep to a window that shrank."
        "tcp/recovery.rs" "fn cut_again"
        ".earlier(⟦edge⟧)" => "self.snd.nxt",
        "tcp::tests::timing::a_shrunk_window_brings_no_new_data_and_limits_what_is_sent_again",
    "trouble-untold" "RFC9293-SHLD-9" "Nobody hears that a segment was sent four times."
        "tcp/timeouts.rs" "fn on_retransmission_timeout"
        "cx.out.report(Report::DeliveryTrouble)" => "",
        "tcp::tests::timing::a_syn_is_sent_for_three_minutes_with_doubled_intervals",
    "gives-up-never" "RFC9293-MUST-20" "The user timeout does not end a connection."
        "tcp/timeouts.rs" "fn gives_up_at"
        "self.user_timeout()" => "None",
        "tcp::tests::timing::the_user_timeout_ends_a_connection_whose_data_nobody_acknowledges",
    "syn-given-up-early" "RFC9293-MUST-23" "The user timeout ends the wait for SYN,ACK, too."
        "tcp/timeouts.rs" "fn gives_up_at"
        "Some(self.settings.syn_timeout)" => "Some(self.settings.syn_timeout.divided_by(2))",
        "tcp::tests::timing::a_syn_is_sent_for_three_minutes_with_doubled_intervals",
    "progress-does-not-count" "RFC9293-MUST-20" "An acknowledgement does not postpone the user timeout."
        "tcp/arrives/fifth_ack.rs" "fn take_acknowledgement"
        "self.waiting_since = None" => "",
        "tcp::tests::timing::progress_postpones_the_user_timeout",
    "timeout-not-told" "RFC9293-3.10.8-a" "The application does not hear that the connection timed out."
        "tcp/timeouts.rs" "fn on_due"
        "self.enter_closed(End::Failed(self.reason_of_silence()))" => "self.enter_closed(End::Finished)",
        "tcp::tests::timing::the_user_timeout_ends_a_connection_whose_data_nobody_acknowledges",
    "window-unprobed" "RFC9293-MUST-36" "A closed window is not probed."
        "tcp/timeouts.rs" "fn on_due"
        "self.probe_window(now, cx)" => "",
        "tcp::tests::timing::a_closed_window_is_probed_after_one_rto_and_then_ever_more_rarely",
    "probes-not-backed-off" "RFC9293-SHLD-30" "Probes of a closed window come in equal intervals."
        "tcp/timeouts.rs" "fn on_due"
        "interval.times(2)" => "interval",
        "tcp::tests::timing::a_closed_window_is_probed_after_one_rto_and_then_ever_more_rarely",
    "probe-too-early" "RFC9293-SHLD-29" "The first probe leaves after half of the timeout."
        "tcp/timeouts.rs" "fn set_timers"
        "Timer::Persist { at: now + rto, interval: rto }" => "Timer::Persist { at: now + rto.divided_by(2), interval: rto }",
        "tcp::tests::timing::a_closed_window_is_probed_after_one_rto_and_then_ever_more_rarely",
    "probe-empty" "RFC9293-3.8.6-d" "A probe carries nothing."
        "tcp/window.rs" "fn probe_window"
        "self.resend_front(now, 1, cx)" => "self.send_ack(now, cx); self.snd.una",
        "tcp::tests::timing::a_closed_window_is_probed_after_one_rto_and_then_ever_more_rarely",
    "answered-probes-do-not-count" "RFC9293-MUST-37" "A connection whose window stays closed is given up although probes are answered."
        "tcp/arrives/fifth_ack.rs" "fn fifth_in_established"
        "self.waiting_since = Some(now)" => "",
        "tcp::tests::timing::answered_probes_keep_the_connection_and_unanswered_ones_do_not",
    "held-back-for-ever" "RFC9293-MUST-60" "What is not worth a segment is never sent."
        "tcp/timeouts.rs" "fn on_due"
        "self.override_silly_window(now, cx)" => "",
        "tcp::tests::timing::the_override_timeout_sends_what_silly_window_avoidance_holds_back",
    "first-timeout-too-long" "RFC6298-2.1-a" "Before a round trip was measured the timeout is three seconds."
        "tcp/rto.rs" "fn new"
        "span: ⟦settings.rto_initial⟧" => "settings.rto_min.times(3)",
        "tcp::tests::timing::a_syn_is_sent_for_three_minutes_with_doubled_intervals",
    "timer-not-backed-off" "RFC6298-5.6-a" "The timer starts again with the timeout as it was."
        "tcp/timeouts.rs" "fn on_retransmission_timeout"
        "now + self.rto.span()" => "now + self.rto.span().divided_by(2)",
        "tcp::tests::timing::a_syn_is_sent_for_three_minutes_with_doubled_intervals",
    "trouble-told-early" "RFC9293-SHLD-10" "The first retransmission counts as trouble."
        "tcp/timeouts.rs" "fn on_retransmission_timeout"
        "self.resends == R1_RETRANSMISSIONS" => "self.resends == 1",
        "tcp::tests::timing::a_syn_is_sent_for_three_minutes_with_doubled_intervals",
    "suggestion-unasked" "RFC5482-3-a" "A suggested user timeout is adopted although nobody wants that."
        "tcp/user_timeout.rs" "fn user_timeout"
        "!self.settings.adopt_user_timeout" => "false",
        "tcp::user_timeout::tests::nothing_is_told_and_nothing_adopted_by_default",
    "suggestion-unbounded" "RFC5482-3-b" "A suggested user timeout is adopted however long it is."
        "tcp/user_timeout.rs" "fn user_timeout"
        ".min(⟦LONGEST.max(least)⟧)" => "Span::from_secs(1 << 30)",
        "tcp::user_timeout::tests::the_longer_one_is_adopted_within_limits",
    "suggestion-too-short" "RFC5482-3-b" "A suggested user timeout is adopted however short it is."
        "tcp/user_timeout.rs" "fn user_timeout"
        ".max(⟦least⟧).min" => "Span::ZERO",
        "tcp::user_timeout::tests::the_longer_one_is_adopted_within_limits",
    "suggestion-over-the-application" "RFC5482-3.1-a" "A suggestion changes what the application has set."
        "tcp/user_timeout.rs" "fn user_timeout"
        "self.suggestions.fixed" => "false",
        "tcp::user_timeout::tests::what_the_application_sets_is_told_and_not_changed",
    "suggestion-on-syns-only" "RFC5482-3-c" "The own user timeout is told on SYNs only."
        "tcp/user_timeout.rs" "fn user_timeout_for"
        "!self.suggestions.told" => "false",
        "tcp::user_timeout::tests::the_own_timeout_is_told_on_syns_and_once_more",
    "suggestion-on-everything" "RFC5482-3-c" "The own user timeout is told on every segment."
        "tcp/user_timeout.rs" "fn user_timeout_for"
        "!self.suggestions.told" => "true",
        "tcp::user_timeout::tests::the_own_timeout_is_told_on_syns_and_once_more",
    "user-timeout-not-set" "RFC9293-MUST-21" "The application can not set the user timeout."
        "tcp/user_timeout.rs" "fn set_user_timeout"
        "self.own_settings().user_timeout = timeout" => "",
        "tcp::user_timeout::tests::what_the_application_sets_is_told_and_not_changed",
}
