//! Selective acknowledgement (RFC 2018, RFC 2883): what is reported, and what is believed.

super::mutants! {
    "sack-without-permission" "RFC2018-4-a" "Gaps are reported to a peer that did not permit it."
        "tcp/sack.rs" "fn sack_blocks"
        "!self.sack.permitted" => "false",
        "tcp::sack::tests::nothing_is_reported_without_permission",
    "sack-never" "RFC2018-4-b" "Gaps are not reported."
        "tcp/sack.rs" "fn sack_blocks"
        "!self.sack.permitted" => "true",
        "tcp::sack::tests::the_newest_island_comes_first_and_at_most_four_are_told",
    "sack-one-block" "RFC2018-4-e" "One block is reported, whatever the room."
        "tcp/sack.rs" "fn sack_blocks"
        "most - blocks.len()" => "1",
        "tcp::sack::tests::the_newest_island_comes_first_and_at_most_four_are_told",
    "sack-edge-short" "RFC2018-3-a" "The right edge of a block is its last octet."
        "tcp/sack.rs" "fn sack_blocks"
        "(self.rcv.nxt + island.end)" => "(self.rcv.nxt + (island.end - 1))",
        "tcp::sack::tests::the_newest_island_comes_first_and_at_most_four_are_told",
    "sack-oldest-first" "RFC2018-4-d" "The first block is not the one of the segment that came last."
        "tcp/sack.rs" "fn newest_first"
        "one.touched > known.touched" => "one.touched < known.touched",
        "tcp::sack::tests::the_newest_island_comes_first_and_at_most_four_are_told",
    "sack-in-order-of-numbers" "RFC2018-4-f" "Blocks are reported in order of their numbers."
        "tcp/sack.rs" "fn newest_first"
        "one.touched > known.touched" => "one.start < known.start",
        "tcp::sack::tests::the_newest_island_comes_first_and_at_most_four_are_told",
    "duplicate-unreported" "RFC2883-4-a" "What comes twice is not reported."
        "tcp/sack.rs" "fn note_duplicate_text"
        "self.sack.twice = Some((start, end))" => "",
        "tcp::sack::tests::what_comes_twice_is_reported_once",
    "duplicate-reported-for-ever" "RFC2883-4-b" "What came twice is reported again and again."
        "tcp/sack.rs" "fn reported"
        "self.twice = None" => "",
        "tcp::sack::tests::what_comes_twice_is_reported_once",
}
