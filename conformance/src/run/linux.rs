//! floor 8: two kernels of Linux on a hostile link, with taps on both, on their cables and in the middle.
//!
//! Each end is a network namespace with a TAP device; what passes between the two devices passes through
//! this program, which delays, loses, doubles and reorders it. Everything runs in real time.

mod cut;
mod device;
mod listen;
pub mod plan;
mod traffic;
mod wire;

use super::tap::{Place, Recording};
use crate::host::Fault;
use crate::sockets::linux::sys;
use crate::trace::Link;
use device::Device;
use listen::Ear;
use plan::{NetPlan, Settings};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use std::{fs, io, thread};

/// How long the ends are listened to when all programs have ended: what they have said last may be lost and
/// repeated.
const AFTERWARDS: Duration = Duration::from_millis(1_200);

/// What one tap took.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Where it was.
    pub place: Place,
    /// What it recorded.
    pub recording: Recording,
    /// Packets that the kernel could not hand out to it.
    pub dropped: u32,
}

/// The addresses of an end.
pub fn addrs(end: usize) -> [IpAddr; 2] {
    let last = if end == 0 { 1 } else { 2 };
    [
        IpAddr::V4(Ipv4Addr::new(10, 77, 0, last)),
        IpAddr::V6(Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, last.into())),
    ]
}

/// Something around this program fails.
fn rig(what: &'static str) -> impl Fn(io::Error) -> Fault {
    move |error| Fault::Env(format!("{what}: {error}"))
}

/// What an end is made of, in the namespace of the calling thread from now on.
struct End {
    device: Device,
    ear: Ear,
}

fn furnish(end: usize, settings: &Settings, offload: bool) -> Result<End, Fault> {
    sys::leave_network().map_err(rig("no network namespace can be made"))?;
    for (name, value) in &settings.files {
        // Not every kernel knows every setting.
        let _ = fs::write(format!("/proc/sys/net/{name}"), value);
    }
    let device = Device::open(&addrs(end), offload)?;
    Ok(End { ear: Ear::open(device::NAME)?, device })
}

/// Lets everything in a plan happen, and returns what the taps took: at both ends, near them, and in the
/// middle.
///
/// # Errors
/// [`Fault::Env`] where namespaces or TAP devices are not to be had.
pub fn record(plan: &NetPlan) -> Result<Vec<Taken>, Fault> {
    let (ready, open, over) = (Barrier::new(2), Barrier::new(2), AtomicBool::new(false));
    let working = AtomicUsize::new(0);
    let begun = SystemTime::now();
    thread::scope(|scope| {
        let ends = [0, 1].map(|end| {
            let (settings, ready) = (&plan.settings[end], &ready);
            let (sender, receiver) = std::sync::mpsc::channel();
            let (open, working) = (&open, &working);
            let played = scope.spawn(move || {
                let furnished = furnish(end, settings, plan.offloads());
                working.fetch_add(usize::from(furnished.is_ok()), Ordering::Relaxed);
                // Who reads this waits for it.
                let _ = sender.send(furnished);
                ready.wait();
                if working.load(Ordering::Relaxed) == 2 {
                    traffic::play(end, &plan.talks, open);
                }
            });
            (played, receiver)
        });
        let [a, b] = ends;
        let [one, other] = [&a.1, &b.1].map(|end| end.recv().unwrap_or(Err(Fault::Hung)));
        let (one, other) = (one?, other?);
        let over = &over;
        let (near, far) = (one.ear, other.ear);
        let ears = [
            scope.spawn(move || near.listen(0, begun, over)),
            scope.spawn(move || far.listen(1, begun, over)),
        ];
        let devices = [one.device, other.device];
        let wire = scope.spawn(move || wire::carry(&devices, plan, begun, over));
        let played = [a.0.join(), b.0.join()];
        thread::sleep(AFTERWARDS);
        over.store(true, Ordering::Relaxed);
        let [at_a, at_b] = ears.map(thread::ScopedJoinHandle::join);
        let (at_a, at_b, heard) =
            (at_a.map_err(panicked)?, at_b.map_err(panicked)?, wire.join().map_err(panicked)?);
        played.into_iter().try_for_each(|ended| ended.map_err(panicked))?;
        let [near_a, middle, near_b] = heard.map(|shots| (shots, 0));
        let all = Place::ALL.into_iter().zip([at_a, near_a, middle, near_b, at_b]);
        Ok(all
            .map(|(place, (shots, dropped))| Taken {
                place,
                recording: Recording { link: Link::Ethernet, shots },
                dropped,
            })
            .collect())
    })
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Fault {
    Fault::Protocol("a part of the rig panicked".into())
}
