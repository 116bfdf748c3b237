//! floor 7: closed-loop replay. A recording holds a conversation between R and P. The host under test, H,
//! takes R's place; the driver plays P as recorded, in H's own numbers, and makes the socket calls that R's
//! application must have made.
//!
//! * [`recording`]: what the capture gives: conversations, segment by segment
//! * [`stream`]: the two byte streams, and what each byte waited for
//! * [`infer`]: the application that R had
//! * [`peer`]: what P sends next, and what that has to wait for
//! * [`observe`]: what H has really sent so far
//! * [`translate`]: P's segments in H's numbers
//! * [`tcp`], [`udp`]: the drivers

pub mod app;
pub mod extract;
pub mod infer;
pub mod observe;
pub mod packet;
pub mod peer;
pub mod recording;
pub mod stream;
pub mod tcp;
pub mod translate;
pub mod udp;
