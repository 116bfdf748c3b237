//! floor 4: what is known of each port, found by its number (RFC 6335 section 6).
//!
//! A tree of all claims of a million sockets would be deep, and each of its levels a place that no cache
//! holds. Ports are numbers from a small range: a page of them is made when the first one of it is held.

use super::bind::Desk;
use super::call::Kind;
use crate::base::Port;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Ports to a page.
const PAGE: usize = 256;

type Page = [Option<Box<Desk>>; PAGE];

/// The pages of one kind of sockets.
#[derive(Debug, Default)]
struct Book {
    pages: Vec<Option<Box<Page>>>,
}

/// One book for each kind.
#[derive(Debug, Default)]
pub(super) struct Desks {
    streams: Book,
    datagrams: Book,
}

/// The page of a port, and its place there.
fn place(port: Port) -> (usize, usize) {
    let number = usize::from(port.number());
    (number / PAGE, number % PAGE)
}

impl Desks {
    const fn book(&mut self, kind: Kind) -> &mut Book {
        match kind {
            Kind::Stream => &mut self.streams,
            Kind::Datagram => &mut self.datagrams,
        }
    }

    /// The desk of a port that somebody holds.
    pub(super) fn get(&self, kind: Kind, port: Port) -> Option<&Desk> {
        let (page, at) = place(port);
        let book = match kind {
            Kind::Stream => &self.streams,
            Kind::Datagram => &self.datagrams,
        };
        book.pages.get(page)?.as_ref()?[at].as_deref()
    }

    /// As [`Desks::get`].
    pub(super) fn get_mut(&mut self, kind: Kind, port: Port) -> Option<&mut Desk> {
        let (page, at) = place(port);
        self.book(kind).pages.get_mut(page)?.as_mut()?[at].as_deref_mut()
    }

    /// The desk of a port; an empty one if nobody holds it.
    pub(super) fn get_or_default(&mut self, kind: Kind, port: Port) -> &mut Desk {
        let (page, at) = place(port);
        let pages = &mut self.book(kind).pages;
        if pages.len() <= page {
            pages.resize_with(page + 1, || None);
        }
        let page = pages[page].get_or_insert_with(|| Box::new([const { None }; PAGE]));
        page[at].get_or_insert_default()
    }

    /// Nobody holds the port any more. Its page stays.
    pub(super) fn remove(&mut self, kind: Kind, port: Port) {
        let (page, at) = place(port);
        if let Some(Some(page)) = self.book(kind).pages.get_mut(page) {
            page[at] = None;
        }
    }

    /// Every desk, in order of kind and port.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Desk> {
        let books = [&self.streams, &self.datagrams].into_iter();
        books
            .flat_map(|book| &book.pages)
            .flatten()
            .flat_map(|page| page.iter())
            .flatten()
            .map(|desk| &**desk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use quickcheck::quickcheck;

    quickcheck! {
        fn desks_are_where_they_were_put(steps: Vec<(bool, u16, bool)>) -> bool {
            let (mut desks, mut model) = (Desks::default(), BTreeSet::new());
            for (stream, number, take) in steps {
                let Some(port) = Port::new(number % 700 * 93) else { continue };
                let kind = if stream { Kind::Stream } else { Kind::Datagram };
                if take {
                    desks.get_or_default(kind, port);
                    model.insert((kind, port));
                } else {
                    desks.remove(kind, port);
                    model.remove(&(kind, port));
                }
                if desks.get(kind, port).is_some() != take || desks.get_mut(kind, port).is_some() != take {
                    return false;
                }
            }
            desks.iter().count() == model.len()
                && model.iter().all(|(kind, port)| desks.get(*kind, *port).is_some())
        }
    }
}
