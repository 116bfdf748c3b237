//! floor 8: the loop. Replay, fuzzing, scenarios and differential runs all go through here.

#[cfg(target_os = "linux")]
pub mod linux;
pub mod pair;
pub mod tap;

use crate::drive::{Driver, Next};
use crate::host::{Fault, Host, Until};
use crate::trace::{Frame, Response, Stimulus, Trace};
use stack::base::Instant;

/// Steps without time moving after which the host is said to hang.
const STEPS_MAX: u32 = 100_000;

/// Joins a host and a driver until the driver is done. The trace is complete up to a fault, if there is one.
pub fn run(host: &mut dyn Host, driver: &mut dyn Driver, trace: &mut Trace) -> Result<(), Fault> {
    let mut steps_at = (host.now(), 0_u32);
    collect(host, trace);
    loop {
        if steps_at.0 == host.now() {
            steps_at.1 += 1;
            if steps_at.1 > STEPS_MAX {
                return Err(Fault::Hung);
            }
        } else {
            steps_at = (host.now(), 0);
        }
        let deadline = host.next_deadline();
        match driver.next(trace, host.now(), deadline) {
            Next::Now(stimulus) => apply(host, stimulus, trace)?,
            Next::Wait(until) => {
                host.run_until(until, Until::Output)?;
            }
            Next::Done => return Ok(()),
        }
        collect(host, trace);
    }
}

fn apply(host: &mut dyn Host, stimulus: Stimulus, trace: &mut Trace) -> Result<(), Fault> {
    let now: Instant = host.now();
    trace.stimulus(now, stimulus.clone());
    match stimulus {
        Stimulus::Frame(frame) => host.inject(&frame.bytes),
        Stimulus::Call(call) => {
            let reply = host.call(&call)?;
            trace.response(host.now(), Response::Reply(reply));
            Ok(())
        }
    }
}

fn collect(host: &mut dyn Host, trace: &mut Trace) {
    while let Some((at, why)) = host.take_discard() {
        trace.response(at, Response::Discard(why));
    }
    while let Some(emitted) = host.take() {
        trace.response(emitted.at, Response::Frame(Frame::whole(emitted.bytes)));
    }
}
