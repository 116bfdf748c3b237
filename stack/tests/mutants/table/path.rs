//! The size of segments on a path (RFC 8201, RFC 5927 section 7.2, RFC 4821).

super::mutants! {
    "path-forgotten" "RFC8201-5.4-a" "A router that says that the path is narrow is not heard."
        "tcp/path_mtu.rs" "fn narrow"
        "self.lower_limit(now, limit)" => "",
        "tcp::icmp::tests::a_smaller_path_brings_smaller_segments_and_never_larger_ones",
    "path-not-sent-again" "RFC8201-5.4-a" "What was too large for the path is not sent again before the timer expires."
        "tcp/path_mtu.rs" "fn narrow"
        "self.go_back()" => "",
        "tcp::icmp::tests::a_smaller_path_brings_smaller_segments_and_never_larger_ones",
    "path-size-unsent" "RFC5927-7.2-a" "A router is believed about a size that nothing exceeded."
        "tcp/path_mtu.rs" "fn too_big"
        "self.path.sent.min(self.path.limit)" => "self.path.limit",
        "tcp::path_mtu::tests::a_size_that_nothing_exceeded_is_no_news",
    "path-below-all-links" "RFC8201-4-d" "A router is believed about a size that every link carries."
        "tcp/path_mtu.rs" "fn too_big"
        "|| ⟦claimed < self.settings.mss_least_octets⟧" => "false",
        "tcp::icmp::tests::a_smaller_path_brings_smaller_segments_and_never_larger_ones",
    "path-not-doubted" "RFC5927-7.2-b" "A router is believed at once although as large a segment has arrived."
        "tcp/path_mtu.rs" "fn too_big"
        "claimed >= self.path.arrived" => "true",
        "tcp::path_mtu::tests::what_has_come_through_before_is_doubted_only_if_it_does_not_come_through_again",
    "path-claim-survives" "RFC5927-7.2-b" "What a router said is believed although the segment came through."
        "tcp/path_mtu.rs" "fn note_arrival"
        "ack.at_or_before(*quoted)" => "true",
        "tcp::path_mtu::tests::what_has_come_through_before_is_doubted_only_if_it_does_not_come_through_again",
    "path-claim-forgotten" "RFC5927-7.2-b" "What a router said is not remembered for the case that the segment does not come through."
        "tcp/path_mtu.rs" "fn too_big"
        "self.search(now).claim = Some((quoted, claimed))" => "",
        "tcp::path_mtu::tests::what_has_come_through_before_is_doubted_only_if_it_does_not_come_through_again",
    "path-narrow-for-ever" "RFC8201-4-e" "A narrow path gets no new chance."
        "tcp/path_mtu.rs" "fn try_wider"
        "search.rest_until > now" => "true",
        "tcp::path_mtu::tests::after_ten_minutes_the_path_gets_a_new_chance",
    "path-never-rests" "RFC8201-4-e" "A narrow path gets a new chance at once."
        "tcp/path_mtu.rs" "fn try_wider"
        "search.rest_until > now" => "false",
        "tcp::path_mtu::tests::after_ten_minutes_the_path_gets_a_new_chance",
    "black-hole-unseen" "RFC4821-7.7-a" "Timeouts never make segments smaller."
        "tcp/path_mtu.rs" "fn note_timeout"
        "front > u32::from(low)" => "false",
        "tcp::path_mtu::tests::a_black_hole_is_found_by_timeouts",
    "probe-not-believed" "RFC4821-7.6.1-a" "A probe that arrives does not raise the limit."
        "tcp/path_mtu.rs" "fn note_arrival"
        "limit.max(size)" => "limit",
        "tcp::path_mtu::tests::a_probe_that_arrives_raises_the_limit",
    "probe-loss-counts" "RFC4821-4-b" "The loss of a lone probe reduces the window."
        "tcp/path_mtu.rs" "fn forgives_loss"
        "⟦lost.is_some()⟧
    }" => "false",
        "tcp::path_mtu::tests::a_probe_that_is_lost_alone_costs_no_window_and_lowers_what_is_tried_next",
    "probe-again-at-once" "RFC4821-4-c" "The next probe leaves right after one that was lost."
        "tcp/path_mtu.rs" "fn forgives_loss"
        "search.lost = true" => "",
        "tcp::path_mtu::tests::a_probe_that_is_lost_alone_costs_no_window_and_lowers_what_is_tried_next",
    "probe-of-the-same-size" "RFC4821-7.6.2-a" "A lost probe does not lower what is tried next."
        "tcp/path_mtu.rs" "fn forgives_loss"
        "search.high = size - 1" => "",
        "tcp::path_mtu::tests::a_probe_that_is_lost_alone_costs_no_window_and_lowers_what_is_tried_next",
}
