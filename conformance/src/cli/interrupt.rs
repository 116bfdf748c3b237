//! floor 9: an interruption from the keyboard: the first asks to come to an end, the second ends at once.

use super::Exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

static CAME: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Takes interruptions from now on. Where that can not be had, an interruption ends the program as usual.
pub(super) fn listen() {
    let came = CAME.get_or_init(Arc::default);
    #[cfg(target_os = "linux")]
    {
        use signal_hook::consts::SIGINT;
        use signal_hook::flag;
        let code = i32::from(Exit::Interrupted.code());
        // In this order, so that the second interruption finds what the first one set.
        let _ = flag::register_conditional_shutdown(SIGINT, code, Arc::clone(came))
            .and_then(|_| flag::register(SIGINT, Arc::clone(came)));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (came, Exit::Interrupted);
}

/// Whether one came.
pub(super) fn came() -> bool {
    CAME.get().is_some_and(|came| came.load(Ordering::Relaxed))
}
