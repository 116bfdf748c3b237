//! What SYNs announce, the initial number, and what ICMP says (RFC 9293 sections 3.4.1, 3.7.1 and 3.9.2.2,
//! RFC 7323 section 2).

super::mutants! {
    "initial-number-constant" "RFC9293-MUST-8" "The initial sequence number does not follow the clock."
        "tcp/open.rs" "fn initial_sequence_number"
        "⟦clock⟧.wrapping_add" => "0_u64",
        "tcp::tests::transfer::the_initial_number_follows_the_clock",
    "initial-number-guessable" "RFC9293-SHLD-1" "The initial sequence number is the clock alone."
        "tcp/open.rs" "fn initial_sequence_number"
        "u64::from(offsets.sequence)" => "0",
        "tcp::tests::transfer::the_initial_number_follows_the_clock",
    "initial-number-of-the-local-end" "RFC6528-3-a" "The keyed function does not look at the remote end."
        "sock/name.rs" "fn keyed"
        "[self.local, self.remote]" => "[self.local, self.local]",
        "sock::name::tests::where_a_connection_begins_depends_on_the_key_and_on_both_ends",
    "initial-number-without-ports" "RFC6528-3-a" "The keyed function does not look at ports."
        "sock/name.rs" "fn keyed"
        "u32::from(self.local.port) << 16 | u32::from(self.remote.port)" => "0",
        "sock::name::tests::where_a_connection_begins_depends_on_the_key_and_on_both_ends",
    "initial-number-without-key" "RFC9293-MUST-9" "The key of the function is the same everywhere."
        "sock/name.rs" "fn keyed"
        "key.build_hasher()" => "Key::new(0, 0).build_hasher()",
        "sock::name::tests::where_a_connection_begins_depends_on_the_key_and_on_both_ends",
    "segment-size-unsaid" "RFC9293-MUST-14" "The SYN has no MSS option."
        "tcp/options.rs" "fn syn_options"
        "Some(self.settings.mss_receive_octets)" => "None",
        "tcp::tests::timing::a_syn_is_sent_for_three_minutes_with_doubled_intervals",
    "segment-size-default" "RFC9293-MUST-15" "Without an MSS option the largest segments are sent."
        "tcp/options.rs" "fn learn_options"
        "self.settings.mss_default_octets" => "self.settings.mss_receive_octets",
        "tcp::tests::transfer::segments_are_as_large_as_both_ends_and_the_path_allow",
    "segment-size-of-nothing" "RFC9293-MUST-14" "An MSS option that says 0 is believed."
        "tcp/options.rs" "fn learn_options"
        "*octets > 0" => "true",
        "tcp::tests::transfer::segments_are_as_large_as_both_ends_and_the_path_allow",
    "own-link-ignored" "RFC9293-MUST-16" "The size of the own link does not bound segments."
        "tcp/options.rs" "fn smss_octets"
        "self.snd.mss_octets.min(self.segment_limit_octets())" => "self.snd.mss_octets",
        "tcp::tests::transfer::segments_are_as_large_as_both_ends_and_the_path_allow",
    "room-of-options-ignored" "RFC6691-2-b" "Nothing is taken off for options beside the data."
        "tcp/options.rs" "fn effective_mss_octets"
        "self.smss_octets().saturating_sub(options)" => "self.smss_octets()",
        "tcp::tests::edges::blocks_take_their_room_from_the_data_beside_them",
    "sack-offered-against-settings" "RFC2018-2-a" "SYN,ACK permits selective acknowledgements although the SYN did not."
        "tcp/options.rs" "fn syn_options"
        "{ ⟦self.sack.permitted⟧ }" => "self.settings.sack",
        "tcp::tests::timing::a_syn_ack_is_sent_again_likewise",
    "scale-forced" "RFC7323-2.2-e" "SYN,ACK offers scaling although the SYN did not."
        "tcp/options.rs" "fn syn_options"
        "self.scale.is_some()" => "self.settings.window_scale",
        "tcp::options::tests::nothing_is_scaled_if_the_peer_does_not_offer_it",
    "scale-against-settings" "RFC7323-2.2-b" "Scaling is in force although the own SYN does not offer it."
        "tcp/options.rs" "fn learn_options"
        "filter(|_| ⟦self.settings.window_scale⟧)" => "true",
        "tcp::options::tests::scaling_can_be_declined",
    "scale-off-by-one" "RFC7323-2.3-g" "The shift that is announced is smaller than the one in use."
        "tcp/options.rs" "fn syn_options"
        "self.receive_shift().bits()" => "self.receive_shift().bits().saturating_sub(1)",
        "tcp::options::tests::windows_are_scaled_if_both_syns_offer_it_and_never_on_a_syn",
    "window-of-syn-scaled" "RFC7323-2.2-d" "The window of a SYN is scaled when it is read."
        "tcp/window.rs" "fn window_of"
        "self.scale.filter(|_| !seg.came_with_syn)" => "self.scale",
        "tcp::options::tests::windows_are_scaled_if_both_syns_offer_it_and_never_on_a_syn",
    "own-window-of-syn-scaled" "RFC7323-2.2-d" "The window of the own SYN,ACK is scaled."
        "tcp/window.rs" "fn window_field"
        "self.scale.filter(|_| !with_syn)" => "self.scale",
        "tcp::tests::transfer::a_syn_that_is_sent_again_after_close_takes_no_window_back",
    "peer-scale-ignored" "RFC7323-2.3-c" "The peer's windows are not scaled."
        "tcp/window.rs" "fn window_of"
        "|scale| ⟦scale.snd⟧" => "Shift::NONE",
        "tcp::options::tests::windows_are_scaled_if_both_syns_offer_it_and_never_on_a_syn",
    "own-scale-ignored" "RFC7323-2.3-d" "The own window is said as if it were not scaled."
        "tcp/window.rs" "fn window_field"
        "|scale| ⟦scale.rcv⟧" => "Shift::NONE",
        "tcp::options::tests::windows_are_scaled_if_both_syns_offer_it_and_never_on_a_syn",
    "icmp-unmatched" "RFC5927-7-a" "An ICMP error counts whatever number it quotes."
        "tcp/icmp.rs" "fn in_flight"
        "quoted.within(self.snd.una, self.outstanding_octets())" => "true",
        "tcp::icmp::tests::an_error_has_to_quote_what_is_outstanding",
    "icmp-one-too-far" "RFC5927-7-a" "An ICMP error about SND.NXT counts."
        "tcp/icmp.rs" "fn in_flight"
        "quoted.within(self.snd.una, self.outstanding_octets())" => "quoted.within(self.snd.una, self.outstanding_octets() + 1)",
        "tcp::icmp::tests::an_error_has_to_quote_what_is_outstanding",
    "icmp-kills-attempts-softly" "RFC9293-MUST-56" "A soft ICMP error ends an attempt to connect."
        "tcp/icmp.rs" "fn meaning"
        "Meaning::Soft(refused)" => "Meaning::Hard(refused)",
        "tcp::icmp::tests::hard_errors_end_an_attempt_and_soft_ones_do_not",
    "icmp-kills-connections" "RFC9293-SHLD-26" "A hard ICMP error ends a connection that is open."
        "tcp/icmp.rs" "fn icmp_error"
        "| Phase::Closed(_) => ⟦self.note_soft_error(refused, cx)⟧" => "self.fail_opening(Origin::Active, refused)",
        "tcp::icmp::tests::a_connection_that_was_open_survives_hard_errors",
    "icmp-hard-errors-ignored" "RFC9293-SHLD-26" "A hard ICMP error does not end an attempt to connect."
        "tcp/icmp.rs" "fn icmp_error"
        "Phase::SynSent => ⟦self.fail_opening(Origin::Active, refused)⟧" => "self.note_soft_error(refused, cx)",
        "tcp::icmp::tests::hard_errors_end_an_attempt_and_soft_ones_do_not",
    "icmp-untold" "RFC9293-SHLD-25" "Soft errors are not kept for the application."
        "tcp/icmp.rs" "fn note_soft_error"
        "self.soft_error = Some(refused)" => "",
        "tcp::icmp::tests::hard_errors_end_an_attempt_and_soft_ones_do_not",
    "syn-with-ack" "RFC9293-3.10.1-b" "The first SYN has ACK set."
        "tcp/emit.rs" "fn ack_flag"
        "return ⟦Flags::NONE⟧" => "Flags::ACK",
        "tcp::tests::timing::a_syn_is_sent_for_three_minutes_with_doubled_intervals",
    "segment-size-late" "RFC9293-MUST-65" "Segments without SYN have the options of a SYN."
        "tcp/options.rs" "fn write_options"
        "if ⟦flags.syn()⟧" => "true",
        "tcp::tests::transfer::what_was_written_before_the_handshake_leaves_after_it",
    "scale-not-offered" "RFC7323-2.2-a" "The SYN does not offer to scale windows."
        "tcp/options.rs" "fn syn_options"
        "{ ⟦self.settings.window_scale⟧ }" => "false",
        "tcp::options::tests::windows_are_scaled_if_both_syns_offer_it_and_never_on_a_syn",
}
