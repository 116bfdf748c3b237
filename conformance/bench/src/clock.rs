//! How long this thread has worked: what others do on the machine meanwhile does not count.

/// `struct timespec` of 64-bit Linux.
#[cfg(target_os = "linux")]
#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

#[cfg(target_os = "linux")]
unsafe extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// Nanoseconds that the calling thread has had a processor.
#[cfg(target_os = "linux")]
pub(crate) fn worked_ns() -> u64 {
    /// `CLOCK_THREAD_CPUTIME_ID`.
    const CLOCK: i32 = 3;
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the call writes one `struct timespec`, which `time` is.
    let failed = unsafe { clock_gettime(CLOCK, &raw mut time) } != 0;
    assert!(!failed, "Linux has this clock");
    (time.seconds * 1_000_000_000 + time.nanoseconds).cast_unsigned()
}

/// Elsewhere the time that passes has to do.
#[cfg(not(target_os = "linux"))]
pub(crate) fn worked_ns() -> u64 {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
