//! What waits: delayed acknowledgements, Nagle's algorithm, keep-alives (RFC 9293 sections 3.7.4, 3.8.4 and
//! 3.8.6.3).

super::mutants! {
    "ack-never-delayed" "RFC9293-SHLD-18" "Every segment is acknowledged at once."
        "tcp/delayed_ack.rs" "fn acknowledge_text"
        "delay_ms == 0" => "true",
        "tcp::delayed_ack::tests::an_acknowledgement_waits_and_then_leaves_by_itself",
    "ack-delayed-too-long" "RFC9293-MUST-40" "Acknowledgements wait for half a second and more."
        "tcp/delayed_ack.rs" "fn acknowledge_text"
        "Span::from_millis(delay_ms)" => "Span::from_millis(delay_ms + 100)",
        "tcp::delayed_ack::tests::an_acknowledgement_waits_and_then_leaves_by_itself",
    "ack-delayed-for-ever" "RFC9293-MUST-40" "The end of the delay brings no acknowledgement."
        "tcp/delayed_ack.rs" "fn end_ack_delay"
        "self.ack_owed = true" => "",
        "tcp::delayed_ack::tests::an_acknowledgement_waits_and_then_leaves_by_itself",
    "second-segment-waits" "RFC9293-SHLD-19" "The second segment does not bring an acknowledgement."
        "tcp/delayed_ack.rs" "fn acknowledge_text"
        "self.delayed.due().is_some()" => "false",
        "tcp::delayed_ack::tests::every_second_segment_is_acknowledged_at_once",
    "two-in-one-waits" "RFC5681-4.2-b" "A segment as large as two waits for another."
        "tcp/delayed_ack.rs" "fn may_delay"
        "taken < largest.saturating_mul(2)" => "true",
        "tcp::delayed_ack::tests::every_second_segment_is_acknowledged_at_once",
    "gap-not-told-at-once" "RFC5681-3.2-a" "The acknowledgement of text above a gap waits."
        "tcp/delayed_ack.rs" "fn may_delay"
        "taken == text && !self.receive_buffer.has_gaps()" => "true",
        "tcp::delayed_ack::tests::gaps_are_told_at_once_and_so_is_what_fills_them",
    "filled-gap-not-told-at-once" "RFC5681-3.2-b" "The acknowledgement of text that fills a part of a gap waits."
        "tcp/delayed_ack.rs" "fn may_delay"
        "taken == text && !self.receive_buffer.has_gaps()" => "taken >= text",
        "tcp::delayed_ack::tests::gaps_are_told_at_once_and_so_is_what_fills_them",
    "delay-not-ended-by-data" "RFC9293-MUST-58" "Data that carries the acknowledgement does not end its delay."
        "tcp/emit.rs" "fn emit"
        "self.delayed.cancel()" => "",
        "tcp::delayed_ack::tests::what_leaves_takes_the_acknowledgement_along",
    "nagle-absent" "RFC9293-SHLD-7" "Short segments leave although something is outstanding."
        "tcp/window.rs" "fn awaits_company"
        "self.settings.nagle" => "false",
        "tcp::window::tests::a_short_segment_waits_while_anything_is_outstanding",
    "nagle-for-ever" "RFC9293-MUST-17" "Nagle's algorithm can not be switched off."
        "tcp/window.rs" "fn awaits_company"
        "self.settings.nagle" => "true",
        "tcp::window::tests::what_was_held_back_leaves_when_the_algorithm_is_switched_off",
    "nagle-holds-the-first" "RFC9293-3.7.4-a" "A short segment waits although nothing is outstanding."
        "tcp/window.rs" "fn awaits_company"
        "self.outstanding_octets() > 0" => "true",
        "tcp::window::tests::a_short_segment_waits_while_anything_is_outstanding",
    "nagle-holds-the-end" "RFC9293-3.8-a" "The end of the stream waits for company."
        "tcp/window.rs" "fn awaits_company"
        "!cut.fin" => "true",
        "tcp::window::tests::the_end_of_the_stream_and_urgent_data_do_not_wait",
    "nagle-lets-go-late" "RFC9293-MUST-17" "Switching Nagle's algorithm off does not send what it held back."
        "tcp/window.rs" "fn set_nagle"
        "self.output(now, cx)" => "",
        "tcp::window::tests::what_was_held_back_leaves_when_the_algorithm_is_switched_off",
    "keep-alive-unasked" "RFC9293-MUST-25" "Keep-alives are on by default."
        "tcp/keep_alive.rs" "fn keep_alive_due"
        "self.settings.keep_alive?" => "self.settings.keep_alive.unwrap_or_default()",
        "tcp::keep_alive::tests::nobody_is_asked_unless_somebody_wants_to_know",
    "keep-alive-not-switched" "RFC9293-MUST-24" "Keep-alives can not be switched."
        "tcp/keep_alive.rs" "fn keep_alive_due"
        "self.settings.keep_alive?" => "None?",
        "tcp::keep_alive::tests::nobody_is_asked_unless_somebody_wants_to_know",
    "keep-alive-beside-data" "RFC9293-MUST-26" "Keep-alives are sent although something is outstanding."
        "tcp/keep_alive.rs" "fn keep_alive_due"
        "self.timer == Timer::Idle" => "true",
        "tcp::keep_alive::tests::whoever_has_something_outstanding_does_not_ask",
    "keep-alive-too-early" "RFC9293-MUST-27" "The first keep-alive does not wait for the idle time."
        "tcp/keep_alive.rs" "fn keep_alive_due"
        "self.watch.unanswered == 0" => "false",
        "tcp::keep_alive::tests::nobody_is_asked_unless_somebody_wants_to_know",
    "keep-alive-once" "RFC9293-MUST-29" "One keep-alive without an answer ends the connection."
        "tcp/keep_alive.rs" "fn keep_alive"
        "probes.max(PROBES_MIN)" => "1",
        "tcp::keep_alive::tests::one_keep_alive_alone_proves_nothing",
    "keep-alive-endless" "RFC9293-MUST-27" "Keep-alives never end a connection."
        "tcp/keep_alive.rs" "fn keep_alive"
        "probes.max(PROBES_MIN)" => "u8::MAX",
        "tcp::keep_alive::tests::nine_keep_alives_without_an_answer_end_the_connection",
    "keep-alive-deaf" "RFC9293-MUST-26" "What comes does not start the idle time again."
        "tcp/arrives.rs" "fn arrives"
        "self.watch.hear(now)" => "",
        "tcp::keep_alive::tests::whatever_comes_starts_the_time_again",
}
