//! Timestamps (RFC 7323).

super::mutants! {
    "paws-missing" "RFC7323-5.3-a" "Old duplicates are not told by their timestamps."
        "tcp/timestamps.rs" "fn check_stamps"
        "stamps.is_old(value, now)" => "false",
        "tcp::timestamps::tests::an_old_duplicate_is_acknowledged_and_dropped_wherever_it_lies",
    "paws-silent" "RFC7323-5.3-a" "Old duplicates are dropped without an acknowledgement."
        "tcp/timestamps.rs" "fn check_stamps"
        "self.acknowledge_refused(now, seg, cx)" => "",
        "tcp::timestamps::tests::an_old_duplicate_is_acknowledged_and_dropped_wherever_it_lies",
    "paws-for-resets" "RFC7323-5.2-d" "Resets are tested like other segments."
        "tcp/timestamps.rs" "fn check_stamps"
        "seg.flags.rst()" => "false",
        "tcp::timestamps::tests::a_reset_is_not_tested_and_says_nothing",
    "paws-for-ever" "RFC7323-5.5-a" "What was noted before 24 days of silence still counts."
        "tcp/timestamps.rs" "fn is_old"
        "!outdated(at)" => "true",
        "tcp::timestamps::tests::after_24_days_nothing_is_old",
    "paws-same-value" "RFC7323-5.3-a" "A value that did not change counts as old."
        "tcp/timestamps.rs" "fn is_old"
        "before(value, recent)" => "!before(recent, value)",
        "tcp::timestamps::tests::an_old_duplicate_is_acknowledged_and_dropped_wherever_it_lies",
    "stamps-not-a-circle" "RFC7323-5.3-c" "Timestamps are compared as plain numbers."
        "tcp/timestamps.rs" "fn before"
        "one.wrapping_sub(other).cast_signed() < 0" => "one < other",
        "tcp::timestamps::tests::half_the_circle_is_old_and_half_is_not",
    "missing-stamps-taken" "RFC7323-3.2-g" "A segment without timestamps is taken although they were agreed upon."
        "tcp/timestamps.rs" "fn check_stamps"
        "None if ⟦seg.flags.syn()⟧" => "true",
        "tcp::timestamps::tests::a_segment_without_them_is_dropped_without_a_word",
    "recent-by-anything" "RFC7323-4.3-d" "TS.Recent takes the value of any newer segment."
        "tcp/timestamps.rs" "fn note"
        "seq.at_or_before(self.last_ack_sent)" => "true",
        "tcp::timestamps::tests::what_is_echoed_while_there_are_holes",
    "recent-goes-back" "RFC7323-5.2-a" "TS.Recent takes older values."
        "tcp/timestamps.rs" "fn note"
        "!self.is_old(value, now)" => "true",
        "tcp::timestamps::tests::what_is_kept_never_goes_back",
    "recent-by-the-last" "RFC7323-4.3-a" "While an acknowledgement waits the last segment is echoed, not the first."
        "tcp/timestamps.rs" "fn note_stamps"
        "seg.seq_on_arrival" => "stamps.last_ack_sent",
        "tcp::timestamps::tests::what_is_echoed_while_acknowledgements_wait",
    "last-ack-sent-stays" "RFC7323-4.3-d" "Last.ACK.sent does not follow what is acknowledged."
        "tcp/timestamps.rs" "fn note_ack_sent"
        "stamps.last_ack_sent = self.rcv.nxt" => "",
        "tcp::timestamps::tests::what_is_echoed_while_there_are_holes",
    "recent-never" "RFC7323-3.2-b" "The timestamp of the SYN is echoed for ever."
        "tcp/timestamps.rs" "fn note"
        "self.recent = Some((value, seconds(now)))" => "",
        "tcp::timestamps::tests::both_syns_decide_and_then_every_segment_has_them",
    "echo-without-ack" "RFC7323-3.2-a" "A segment without ACK echoes something."
        "tcp/timestamps.rs" "fn option"
        "flags.ack()" => "true",
        "tcp::timestamps::tests::resets_carry_them",
    "echo-one-less" "RFC7323-3.2-b" "The echo is one less than what came."
        "tcp/timestamps.rs" "fn option"
        "map_or(0, |(value, _)| ⟦value⟧)" => "value.wrapping_sub(1)",
        "tcp::timestamps::tests::both_syns_decide_and_then_every_segment_has_them",
    "stamps-unasked" "RFC7323-3.2-d" "SYN,ACK has timestamps although the SYN had none."
        "tcp/timestamps.rs" "fn learn_stamps"
        "option.map(|option| stamps.agreed(now, option, next))" => "Some(stamps.agreed(now, option.unwrap_or(Timestamps { value: 0, echo: 0 }), next))",
        "tcp::timestamps::tests::either_end_can_decline",
    "stamps-on-syns-only" "RFC7323-3.2-e" "Only SYNs have timestamps."
        "tcp/timestamps.rs" "fn stamps_for"
        "⟦stamps.recent.is_some()⟧)" => "flags.syn() && stamps.recent.is_some()",
        "tcp::timestamps::tests::both_syns_decide_and_then_every_segment_has_them",
    "stamps-take-no-room" "RFC6691-2-b" "Segments do not leave room for timestamps."
        "tcp/timestamps.rs" "fn stamps_octets"
        "self.stamps_agreed()" => "false",
        "tcp::timestamps::tests::segments_leave_room_for_the_option",
    "stamps-by-one-end" "RFC7323-3.2-k" "Timestamps are in use although the own end does not want them."
        "tcp/timestamps.rs" "fn offer_stamps"
        "self.settings.timestamps" => "true",
        "tcp::timestamps::tests::either_end_can_decline",
    "stamps-without-offset" "RFC7323-7-a" "The timestamps of all connections are those of one clock."
        "tcp/timestamps.rs" "fn clock"
        "⟦self.offset⟧.wrapping_add" => "0_u32",
        "tcp::timestamps::tests::both_syns_decide_and_then_every_segment_has_them",
    "clock-too-slow" "RFC7323-4.1-a" "The timestamp clock has ticks of a second."
        "tcp/timestamps.rs" "fn ticks"
        "now.since(Instant::ZERO).as_millis()" => "now.since(Instant::ZERO).as_millis() / 1000",
        "tcp::timestamps::tests::the_clock_goes_round",
    "echo-of-the-unsent" "RFC7323-4.1-b" "An echo of what was never sent measures a round trip."
        "tcp/timestamps.rs" "fn elapsed"
        "elapsed <= ticks(now)" => "true",
        "tcp::timestamps::tests::an_echo_of_what_was_never_sent_measures_nothing",
    "echo-not-measured" "RFC6298-3-a" "What was sent twice is timed by the own clock although an echo tells the copies apart."
        "tcp/timestamps.rs" "fn round_trip"
        "stamps.elapsed(seg.stamps?.echo, now)" => "Some(now.since(sent_at))",
        "tcp::timestamps::tests::an_echo_tells_which_copy_was_acknowledged",
    "resets-without-stamps" "RFC7323-5.2-c" "Resets do not carry timestamps."
        "tcp/reset.rs" "fn send_reset"
        "self.stamps_for(now, Flags::RST)" => "None",
        "tcp::timestamps::tests::resets_carry_them",
    "reset-answers-without-stamps" "RFC7323-5.2-b" "The reset for a segment with timestamps has none."
        "tcp/reset.rs" "fn reply_to"
        "segment.options.timestamps.map(|stamps| Timestamps { value: 0, echo: stamps.value })" => "None",
        "tcp::timestamps::tests::resets_carry_them",
    "repeated-not-echoed" "RFC7323-4.3-c" "What is sent again since the acknowledgement was lost is not echoed."
        "tcp/arrives/first_sequence.rs" "fn refuse"
        "self.note_stamps(now, seg)" => "",
        "tcp::timestamps::tests::what_is_sent_again_is_echoed_although_it_is_not_taken",
}
