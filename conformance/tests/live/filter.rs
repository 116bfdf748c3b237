//! The filter and the mapping, as programs meet them.

use crate::rig::{beside, can_run, said};

#[test]
fn who_is_rejected_is_told_and_who_is_denied_is_not() {
    if !can_run("filter", &["curl", "ping"]) {
        return;
    }
    let get = ["curl", "-s", "--connect-timeout", "1", "http://192.0.2.2/count/2"];
    let code = |rule: &str| beside(&["--filter", rule], &get).code;
    // curl: 7 could not connect, 28 the time was over.
    assert_eq!(code("reject tcp 80"), Some(7));
    assert_eq!(code("prohibit tcp 80"), Some(7));
    assert_eq!(code("deny tcp 80"), Some(28));
    assert_eq!(code("deny tcp 81"), Some(0));
    assert_eq!(code("deny any from 192.0.2.0/30"), Some(28));
    assert_eq!(code("deny any from 192.0.2.128/25"), Some(0));
    assert_eq!(said(&["--filter", "allow tcp 80", "--filter", "deny any"], &get), "1\n");
    let ping = beside(&["--filter", "prohibit icmp"], &["ping", "-n", "-c", "1", "-W", "1", "192.0.2.2"]);
    assert!(ping.stdout.contains("From 192.0.2.2 icmp_seq=1 Packet filtered"), "{}", ping.stdout);
}
