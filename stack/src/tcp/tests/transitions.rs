//! floor 3: the table of states and events, as text.

use super::rig::{Rig, with_segment};
use crate::tcp::{State, closed, listen};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Segments whose numbers fit the connection: the peer's next number is 1 and 2 after its FIN, the first
/// number of ours that is not acknowledged is 1, and 2 after our FIN.
const SEGMENTS: &[(&str, &str)] = &[
    ("SYN", "S SEQ:SEQ(0)"),
    ("SYN,ACK", "S. SEQ:SEQ(0) ack ALL"),
    ("ACK of all", ". SEQ:SEQ(0) ack ALL"),
    ("ACK of the unsent", ". SEQ:SEQ(0) ack 90"),
    ("text", ". SEQ:END(5) ack OLD"),
    ("FIN", "F. SEQ:SEQ(0) ack OLD"),
    ("FIN, ACK of all", "F. SEQ:SEQ(0) ack ALL"),
    ("RST", "R SEQ:SEQ(0)"),
    ("RST,ACK", "R. SEQ:SEQ(0) ack ALL"),
    ("RST inexact", "R 7:7(0)"),
    ("no bit", "- SEQ:SEQ(0)"),
];

fn fill(pattern: &str, state: State) -> String {
    let seq = match state {
        State::Closed | State::Listen | State::SynSent => 0,
        State::SynReceived | State::Established | State::FinWait1 | State::FinWait2 => 1,
        State::CloseWait | State::Closing | State::LastAck | State::TimeWait => 2,
    };
    let (old, all) = match state {
        State::SynReceived | State::SynSent => (0, 1),
        State::Closed | State::Listen | State::Established | State::CloseWait => (1, 1),
        State::FinWait1 | State::Closing | State::LastAck => (1, 2),
        State::FinWait2 | State::TimeWait => (2, 2),
    };
    let end = seq + 5;
    [("SEQ", seq), ("END", end), ("ALL", all), ("OLD", old)]
        .iter()
        .fold(pattern.to_string(), |text, (word, number)| text.replace(word, &number.to_string()))
}

/// One row: what was said, and how the connection ended if it did.
fn rig_row(state: State, event: &str, rig: &Rig, lines: &[String]) -> String {
    let end = rig.tcb.end().map(|end| format!("{end:?}"));
    let said: Vec<String> = end.into_iter().chain(lines.iter().cloned()).collect();
    row(state, event, rig.tcb.state().name(), &said)
}

fn row(state: State, event: &str, next: &str, lines: &[String]) -> String {
    let said = lines.join(" ");
    format!("{:12} | {event:17} | {next:12} | {said}", state.name()).trim_end().to_string() + "\n"
}

fn listen_row(event: &str, pattern: &str) -> String {
    let disposition = with_segment(&fill(pattern, State::Listen), listen::on_segment);
    let (next, said) = match disposition {
        listen::Disposition::Ignore(why) => ("LISTEN", format!("! {why:?}")),
        listen::Disposition::Reset(reset) => ("LISTEN", format!("> {} ", reset.flags).trim_end().to_string()),
        listen::Disposition::Open => ("SYN-RECEIVED", String::new()),
    };
    row(State::Listen, event, next, &[said])
}

fn closed_row(event: &str, pattern: &str) -> String {
    let reset = with_segment(&fill(pattern, State::Closed), closed::reset_for);
    let said = reset.map_or_else(|| "! TcpResetToNobody".to_string(), |reset| format!("> {}", reset.flags));
    row(State::Closed, event, "CLOSED", &[said])
}

fn table() -> String {
    let mut table = String::new();
    for state in State::ALL {
        match state {
            State::Closed => {
                SEGMENTS.iter().for_each(|(event, pattern)| table += &closed_row(event, pattern));
                continue;
            }
            State::Listen => {
                SEGMENTS.iter().for_each(|(event, pattern)| table += &listen_row(event, pattern));
                continue;
            }
            State::SynSent
            | State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => {}
        }
        for (event, pattern) in SEGMENTS {
            let mut rig = Rig::in_state(*state);
            let lines = rig.gets(&fill(pattern, *state));
            table += &rig_row(*state, event, &rig, &lines);
        }
        for (event, call) in [
            ("CLOSE", Rig::shutdown as fn(&mut Rig) -> Vec<String>),
            ("ABORT", Rig::abort),
            ("give up", Rig::wait_for_the_end),
        ] {
            let mut rig = Rig::in_state(*state);
            let lines = call(&mut rig);
            table += &rig_row(*state, event, &rig, &lines);
        }
    }
    table
}

impl Rig {
    /// Lets time pass until nothing is due any more; says how it ended.
    fn wait_for_the_end(&mut self) -> Vec<String> {
        while self.tcb.due().is_some() {
            self.wait();
        }
        let at = self.now.as_nanos() / 1_000_000_000;
        self.tcb.end().map(|_| format!("after {at} s")).into_iter().collect()
    }
}

//? RFC9293-3.5.2-a
//? RFC9293-3.5.2-d
//? RFC9293-3.5.2-e
//? RFC9293-3.5.3-b
//? RFC9293-3.10.4-c
//? RFC9293-3.10.4-e
//? RFC9293-3.10.4-f
//? RFC9293-3.10.5-a
//? RFC9293-3.10.5-b
//? RFC9293-3.10.5-c
//? RFC9293-3.10.7.1-a
//? RFC9293-3.10.7.2-a
//? RFC9293-3.10.7.2-b
//? RFC9293-3.10.7.2-c
//? RFC9293-3.10.7.2-e
//? RFC9293-3.10.7.3-b
//? RFC9293-3.10.7.3-c
//? RFC9293-3.10.7.3-d
//? RFC9293-3.10.7.3-e
//? RFC9293-3.10.7.3-g
//? RFC9293-3.10.7.4-e
//? RFC9293-3.10.7.4-g
//? RFC9293-3.10.7.4-h
//? RFC9293-3.10.7.4-k
//? RFC9293-3.10.7.4-l
//? RFC9293-3.10.7.4-o
//? RFC9293-3.10.7.4-u
//? RFC9293-3.10.7.4-v
//? RFC9293-3.10.7.4-w
//? RFC9293-3.10.7.4-ac
//? RFC9293-MUST-10
//? RFC5961-4.2-a
//? RFC9293-3.10.7.4-ae
//? RFC9293-SHLD-11
//? RFC4987-3.3-a
//? RFC9293-MUST-23
#[test]
fn every_state_and_every_event() {
    let table = table();
    assert!(table == TABLE, "the table is now:\n{table}");
}

const TABLE: &str = "\
CLOSED       | SYN               | CLOSED       | > R.
CLOSED       | SYN,ACK           | CLOSED       | > R
CLOSED       | ACK of all        | CLOSED       | > R
CLOSED       | ACK of the unsent | CLOSED       | > R
CLOSED       | text              | CLOSED       | > R
CLOSED       | FIN               | CLOSED       | > R
CLOSED       | FIN, ACK of all   | CLOSED       | > R
CLOSED       | RST               | CLOSED       | ! TcpResetToNobody
CLOSED       | RST,ACK           | CLOSED       | ! TcpResetToNobody
CLOSED       | RST inexact       | CLOSED       | ! TcpResetToNobody
CLOSED       | no bit            | CLOSED       | > R.
LISTEN       | SYN               | SYN-RECEIVED |
LISTEN       | SYN,ACK           | LISTEN       | > R
LISTEN       | ACK of all        | LISTEN       | > R
LISTEN       | ACK of the unsent | LISTEN       | > R
LISTEN       | text              | LISTEN       | > R
LISTEN       | FIN               | LISTEN       | > R
LISTEN       | FIN, ACK of all   | LISTEN       | > R
LISTEN       | RST               | LISTEN       | ! TcpResetToListener
LISTEN       | RST,ACK           | LISTEN       | ! TcpResetToListener
LISTEN       | RST inexact       | LISTEN       | ! TcpResetToListener
LISTEN       | no bit            | LISTEN       | ! TcpNothingToListener
SYN-SENT     | SYN               | SYN-RECEIVED | > S. 0:0(0) ack 1 win 65535 mss 1460
SYN-SENT     | SYN,ACK           | ESTABLISHED  | > . 1:1(0) ack 1 win 65535
SYN-SENT     | ACK of all        | SYN-SENT     | ! TcpNothingToSynSent
SYN-SENT     | ACK of the unsent | SYN-SENT     | ! TcpAckToSynSent > R 90:90(0) win 0
SYN-SENT     | text              | SYN-SENT     | ! TcpAckToSynSent > R 0:0(0) win 0
SYN-SENT     | FIN               | SYN-SENT     | ! TcpAckToSynSent > R 0:0(0) win 0
SYN-SENT     | FIN, ACK of all   | SYN-SENT     | ! TcpNothingToSynSent
SYN-SENT     | RST               | SYN-SENT     | ! TcpResetToSynSent
SYN-SENT     | RST,ACK           | CLOSED       | Failed(ConnRefused)
SYN-SENT     | RST inexact       | SYN-SENT     | ! TcpResetToSynSent
SYN-SENT     | no bit            | SYN-SENT     | ! TcpNothingToSynSent
SYN-SENT     | CLOSE             | CLOSED       | Finished
SYN-SENT     | ABORT             | CLOSED       | Aborted
SYN-SENT     | give up           | CLOSED       | Failed(TimedOut) after 180 s
SYN-RECEIVED | SYN               | CLOSED       | BackToListen ! TcpSynInWindow
SYN-RECEIVED | SYN,ACK           | CLOSED       | BackToListen ! TcpSynInWindow
SYN-RECEIVED | ACK of all        | ESTABLISHED  |
SYN-RECEIVED | ACK of the unsent | SYN-RECEIVED | ! TcpAckToSynReceived > R 90:90(0) win 0
SYN-RECEIVED | text              | SYN-RECEIVED | ! TcpAckToSynReceived > R 0:0(0) win 0
SYN-RECEIVED | FIN               | SYN-RECEIVED | ! TcpAckToSynReceived > R 0:0(0) win 0
SYN-RECEIVED | FIN, ACK of all   | CLOSE-WAIT   | > . 1:1(0) ack 2 win 65534
SYN-RECEIVED | RST               | CLOSED       | BackToListen
SYN-RECEIVED | RST,ACK           | CLOSED       | BackToListen
SYN-RECEIVED | RST inexact       | SYN-RECEIVED | ! TcpResetInexact > . 1:1(0) ack 1 win 65535
SYN-RECEIVED | no bit            | SYN-RECEIVED | ! TcpWithoutAck
SYN-RECEIVED | CLOSE             | FIN-WAIT-1   | > F. 1:1(0) ack 1 win 65535
SYN-RECEIVED | ABORT             | CLOSED       | Aborted > R 1:1(0) win 0
SYN-RECEIVED | give up           | CLOSED       | Failed(TimedOut) after 180 s
ESTABLISHED  | SYN               | ESTABLISHED  | ! TcpSynInWindow > . 1:1(0) ack 1 win 65535
ESTABLISHED  | SYN,ACK           | ESTABLISHED  | ! TcpSynInWindow > . 1:1(0) ack 1 win 65535
ESTABLISHED  | ACK of all        | ESTABLISHED  |
ESTABLISHED  | ACK of the unsent | ESTABLISHED  | ! TcpAckRange > . 1:1(0) ack 1 win 65535
ESTABLISHED  | text              | ESTABLISHED  | > . 1:1(0) ack 6 win 65530
ESTABLISHED  | FIN               | CLOSE-WAIT   | > . 1:1(0) ack 2 win 65534
ESTABLISHED  | FIN, ACK of all   | CLOSE-WAIT   | > . 1:1(0) ack 2 win 65534
ESTABLISHED  | RST               | CLOSED       | Failed(ConnReset)
ESTABLISHED  | RST,ACK           | CLOSED       | Failed(ConnReset)
ESTABLISHED  | RST inexact       | ESTABLISHED  | ! TcpResetInexact > . 1:1(0) ack 1 win 65535
ESTABLISHED  | no bit            | ESTABLISHED  | ! TcpWithoutAck
ESTABLISHED  | CLOSE             | FIN-WAIT-1   | > F. 1:1(0) ack 1 win 65535
ESTABLISHED  | ABORT             | CLOSED       | Aborted > R 1:1(0) win 0
ESTABLISHED  | give up           | ESTABLISHED  |
FIN-WAIT-1   | SYN               | FIN-WAIT-1   | ! TcpSynInWindow > . 2:2(0) ack 1 win 65535
FIN-WAIT-1   | SYN,ACK           | FIN-WAIT-1   | ! TcpSynInWindow > . 2:2(0) ack 1 win 65535
FIN-WAIT-1   | ACK of all        | FIN-WAIT-2   |
FIN-WAIT-1   | ACK of the unsent | FIN-WAIT-1   | ! TcpAckRange > . 2:2(0) ack 1 win 65535
FIN-WAIT-1   | text              | FIN-WAIT-1   | > . 2:2(0) ack 6 win 65530
FIN-WAIT-1   | FIN               | CLOSING      | > . 2:2(0) ack 2 win 65534
FIN-WAIT-1   | FIN, ACK of all   | TIME-WAIT    | > . 2:2(0) ack 2 win 65534
FIN-WAIT-1   | RST               | CLOSED       | Failed(ConnReset)
FIN-WAIT-1   | RST,ACK           | CLOSED       | Failed(ConnReset)
FIN-WAIT-1   | RST inexact       | FIN-WAIT-1   | ! TcpResetInexact > . 2:2(0) ack 1 win 65535
FIN-WAIT-1   | no bit            | FIN-WAIT-1   | ! TcpWithoutAck
FIN-WAIT-1   | CLOSE             | FIN-WAIT-1   |
FIN-WAIT-1   | ABORT             | CLOSED       | Aborted > R 2:2(0) win 0
FIN-WAIT-1   | give up           | CLOSED       | Failed(TimedOut) after 300 s
FIN-WAIT-2   | SYN               | FIN-WAIT-2   | ! TcpSynInWindow > . 2:2(0) ack 1 win 65535
FIN-WAIT-2   | SYN,ACK           | FIN-WAIT-2   | ! TcpSynInWindow > . 2:2(0) ack 1 win 65535
FIN-WAIT-2   | ACK of all        | FIN-WAIT-2   |
FIN-WAIT-2   | ACK of the unsent | FIN-WAIT-2   | ! TcpAckRange > . 2:2(0) ack 1 win 65535
FIN-WAIT-2   | text              | FIN-WAIT-2   | > . 2:2(0) ack 6 win 65530
FIN-WAIT-2   | FIN               | TIME-WAIT    | > . 2:2(0) ack 2 win 65534
FIN-WAIT-2   | FIN, ACK of all   | TIME-WAIT    | > . 2:2(0) ack 2 win 65534
FIN-WAIT-2   | RST               | CLOSED       | Failed(ConnReset)
FIN-WAIT-2   | RST,ACK           | CLOSED       | Failed(ConnReset)
FIN-WAIT-2   | RST inexact       | FIN-WAIT-2   | ! TcpResetInexact > . 2:2(0) ack 1 win 65535
FIN-WAIT-2   | no bit            | FIN-WAIT-2   | ! TcpWithoutAck
FIN-WAIT-2   | CLOSE             | FIN-WAIT-2   |
FIN-WAIT-2   | ABORT             | CLOSED       | Aborted > R 2:2(0) win 0
FIN-WAIT-2   | give up           | FIN-WAIT-2   |
CLOSE-WAIT   | SYN               | CLOSE-WAIT   | ! TcpSynInWindow > . 1:1(0) ack 2 win 65534
CLOSE-WAIT   | SYN,ACK           | CLOSE-WAIT   | ! TcpSynInWindow > . 1:1(0) ack 2 win 65534
CLOSE-WAIT   | ACK of all        | CLOSE-WAIT   |
CLOSE-WAIT   | ACK of the unsent | CLOSE-WAIT   | ! TcpAckRange > . 1:1(0) ack 2 win 65534
CLOSE-WAIT   | text              | CLOSE-WAIT   | ! TcpAfterFin > . 1:1(0) ack 2 win 65534
CLOSE-WAIT   | FIN               | CLOSE-WAIT   | ! TcpAfterFin > . 1:1(0) ack 2 win 65534
CLOSE-WAIT   | FIN, ACK of all   | CLOSE-WAIT   | ! TcpAfterFin > . 1:1(0) ack 2 win 65534
CLOSE-WAIT   | RST               | CLOSED       | Failed(BrokenPipe)
CLOSE-WAIT   | RST,ACK           | CLOSED       | Failed(BrokenPipe)
CLOSE-WAIT   | RST inexact       | CLOSE-WAIT   | ! TcpResetInexact > . 1:1(0) ack 2 win 65534
CLOSE-WAIT   | no bit            | CLOSE-WAIT   | ! TcpWithoutAck
CLOSE-WAIT   | CLOSE             | LAST-ACK     | > F. 1:1(0) ack 2 win 65534
CLOSE-WAIT   | ABORT             | CLOSED       | Aborted > R 1:1(0) win 0
CLOSE-WAIT   | give up           | CLOSE-WAIT   |
CLOSING      | SYN               | CLOSING      | ! TcpSynInWindow > . 2:2(0) ack 2 win 65534
CLOSING      | SYN,ACK           | CLOSING      | ! TcpSynInWindow > . 2:2(0) ack 2 win 65534
CLOSING      | ACK of all        | TIME-WAIT    |
CLOSING      | ACK of the unsent | CLOSING      | ! TcpAckRange > . 2:2(0) ack 2 win 65534
CLOSING      | text              | CLOSING      | ! TcpAfterFin > . 2:2(0) ack 2 win 65534
CLOSING      | FIN               | CLOSING      | ! TcpAfterFin > . 2:2(0) ack 2 win 65534
CLOSING      | FIN, ACK of all   | TIME-WAIT    |
CLOSING      | RST               | CLOSED       | Finished
CLOSING      | RST,ACK           | CLOSED       | Finished
CLOSING      | RST inexact       | CLOSING      | ! TcpResetInexact > . 2:2(0) ack 2 win 65534
CLOSING      | no bit            | CLOSING      | ! TcpWithoutAck
CLOSING      | CLOSE             | CLOSING      | ENOTCONN
CLOSING      | ABORT             | CLOSED       | Aborted
CLOSING      | give up           | CLOSED       | Failed(TimedOut) after 300 s
LAST-ACK     | SYN               | LAST-ACK     | ! TcpSynInWindow > . 2:2(0) ack 2 win 65534
LAST-ACK     | SYN,ACK           | LAST-ACK     | ! TcpSynInWindow > . 2:2(0) ack 2 win 65534
LAST-ACK     | ACK of all        | CLOSED       | Finished
LAST-ACK     | ACK of the unsent | LAST-ACK     | ! TcpAckRange > . 2:2(0) ack 2 win 65534
LAST-ACK     | text              | LAST-ACK     | ! TcpAfterFin > . 2:2(0) ack 2 win 65534
LAST-ACK     | FIN               | LAST-ACK     | ! TcpAfterFin > . 2:2(0) ack 2 win 65534
LAST-ACK     | FIN, ACK of all   | CLOSED       | Finished
LAST-ACK     | RST               | CLOSED       | Finished
LAST-ACK     | RST,ACK           | CLOSED       | Finished
LAST-ACK     | RST inexact       | LAST-ACK     | ! TcpResetInexact > . 2:2(0) ack 2 win 65534
LAST-ACK     | no bit            | LAST-ACK     | ! TcpWithoutAck
LAST-ACK     | CLOSE             | LAST-ACK     | ENOTCONN
LAST-ACK     | ABORT             | CLOSED       | Aborted
LAST-ACK     | give up           | CLOSED       | Failed(TimedOut) after 300 s
TIME-WAIT    | SYN               | TIME-WAIT    | ! TcpSynInWindow > . 2:2(0) ack 2 win 65534
TIME-WAIT    | SYN,ACK           | TIME-WAIT    | ! TcpSynInWindow > . 2:2(0) ack 2 win 65534
TIME-WAIT    | ACK of all        | TIME-WAIT    |
TIME-WAIT    | ACK of the unsent | TIME-WAIT    | ! TcpAckRange > . 2:2(0) ack 2 win 65534
TIME-WAIT    | text              | TIME-WAIT    | ! TcpAfterFin > . 2:2(0) ack 2 win 65534
TIME-WAIT    | FIN               | TIME-WAIT    | ! TcpAfterFin > . 2:2(0) ack 2 win 65534
TIME-WAIT    | FIN, ACK of all   | TIME-WAIT    | ! TcpAfterFin > . 2:2(0) ack 2 win 65534
TIME-WAIT    | RST               | CLOSED       | Finished
TIME-WAIT    | RST,ACK           | CLOSED       | Finished
TIME-WAIT    | RST inexact       | TIME-WAIT    | ! TcpResetInexact > . 2:2(0) ack 2 win 65534
TIME-WAIT    | no bit            | TIME-WAIT    | ! TcpWithoutAck
TIME-WAIT    | CLOSE             | TIME-WAIT    | ENOTCONN
TIME-WAIT    | ABORT             | CLOSED       | Aborted
TIME-WAIT    | give up           | CLOSED       | Finished after 60 s
";
