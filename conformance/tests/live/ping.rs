//! ping: ICMP echo, small and in fragments.

use crate::rig::{can_run, said};

/// The text without its times.
fn timeless(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("rtt ")).map(|line| {
        let kept = line.split(' ').filter(|word| !word.starts_with("time=") && *word != "ms");
        let kept: Vec<&str> = kept.collect();
        kept.join(" ").split(", time ").next().unwrap_or_default().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn pings(family: &str, addr: &str, octets: usize) -> String {
    let size = octets.to_string();
    timeless(&said(&[], &["ping", family, "-n", "-c", "2", "-i", "0.05", "-W", "2", "-s", &size, addr]))
}

#[test]
fn an_echo_comes_back() {
    if !can_run("ping", &["ping"]) {
        return;
    }
    for octets in [56, 8000, 65_507] {
        let (whole, back) = (octets + 28, octets + 8);
        assert_eq!(
            pings("-4", "192.0.2.2", octets),
            format!(
                "PING 192.0.2.2 (192.0.2.2) {octets}({whole}) bytes of data.\n\
                 {back} bytes from 192.0.2.2: icmp_seq=1 ttl=64\n\
                 {back} bytes from 192.0.2.2: icmp_seq=2 ttl=64\n\n\
                 --- 192.0.2.2 ping statistics ---\n\
                 2 packets transmitted, 2 received, 0% packet loss"
            )
        );
    }
    for octets in [56, 8000, 65_000] {
        let back = octets + 8;
        assert_eq!(
            pings("-6", "2001:db8::2", octets),
            format!(
                "PING 2001:db8::2(2001:db8::2) {octets} data bytes\n\
                 {back} bytes from 2001:db8::2: icmp_seq=1 ttl=64\n\
                 {back} bytes from 2001:db8::2: icmp_seq=2 ttl=64\n\n\
                 --- 2001:db8::2 ping statistics ---\n\
                 2 packets transmitted, 2 received, 0% packet loss"
            )
        );
    }
}

#[test]
fn an_echo_comes_back_over_ethernet() {
    if !can_run("ping over Ethernet", &["ping"]) {
        return;
    }
    for (family, addr) in [("-4", "192.0.2.2"), ("-6", "2001:db8::2")] {
        let text =
            said(&["--link", "ethernet"], &["ping", family, "-n", "-c", "2", "-i", "0.05", "-W", "2", addr]);
        assert!(text.contains("2 packets transmitted, 2 received, 0% packet loss"), "{text}");
    }
}
