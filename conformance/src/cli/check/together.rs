//! floor 9: many files at the same time, and what comes of them in their order.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

/// Does `work` on all items, on so many threads. What comes of each is handed to `take` in the order of the
/// items, until that says that it is enough; `work` is told when it is.
pub(super) fn in_order<T: Sync, R: Send>(
    items: &[T],
    threads: NonZero<usize>,
    work: impl Fn(&T, &AtomicBool) -> R + Sync,
    mut take: impl FnMut(&T, R) -> ControlFlow<()>,
) {
    let (next, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (next, enough, work) = (&next, &enough, &work);
    thread::scope(|scope| {
        let (send, done) = sync_channel(threads.get());
        for _ in 0..threads.get().min(items.len()) {
            let send = send.clone();
            scope.spawn(move || {
                while !enough.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    if send.send((index, work(item, enough))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        // What came before it was wanted.
        let mut early = BTreeMap::new();
        let mut wanted = items.iter().enumerate().peekable();
        for (index, result) in done {
            early.insert(index, result);
            while let Some((result, item)) =
                wanted.peek().and_then(|(index, item)| early.remove(index).map(|result| (result, *item)))
            {
                wanted.next();
                if take(item, result).is_break() {
                    enough.store(true, Ordering::Relaxed);
                    return;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept_and_the_end_is_early() {
        let items: Vec<u64> = (0..50).collect();
        for threads in [1, 2, 7].map(|threads| NonZero::new(threads).expect("not zero")) {
            let mut taken = Vec::new();
            let work = |item: &u64, _: &AtomicBool| {
                // The later ones are done first.
                (0..(50 - item) * 20).for_each(|_| thread::yield_now());
                item * 2
            };
            in_order(&items, threads, work, |item, result| {
                assert_eq!(result, item * 2);
                taken.push(*item);
                if *item == 40 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(taken, (0..=40).collect::<Vec<_>>());
        }
    }
}
