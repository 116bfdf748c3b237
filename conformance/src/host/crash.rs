//! floor 7: a panic inside a host is a crash of the host, not of the harness.

use super::Fault;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};

thread_local! {
    /// Whether code of a host is running, whose panic is caught and told as a fault.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs code of a host.
///
/// # Errors
/// [`Fault::Crashed`] if it panics, with the words of the panic.
pub fn caught<R>(code: impl FnOnce() -> R) -> Result<R, Fault> {
    let outer = INSIDE.replace(true);
    let result = catch_unwind(AssertUnwindSafe(code));
    INSIDE.set(outer);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let how = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic without a message");
        Fault::Crashed { how: how.replace('\n', " "), log: String::new() }
    })
}

/// From now on a panic that [`caught`] turns into a fault is not told a second time, on standard error. All
/// others are told as before. For programs, which tell the fault.
pub fn tell_once() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !INSIDE.get() {
            before(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::{INSIDE, caught};
    use crate::host::Fault;

    #[test]
    fn a_panic_is_a_crash_with_its_words_in_one_line() {
        let crash = |how: &str| Err(Fault::Crashed { how: how.to_owned(), log: String::new() });
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(caught::<()>(|| panic!("no room")), crash("no room"));
        assert_eq!(caught::<()>(|| panic!("{}\n{}", 1, 2)), crash("1 2"));
        assert_eq!(caught(|| caught::<()>(|| panic!("inner"))), Ok(crash("inner")));
        assert!(!INSIDE.get());
    }
}
