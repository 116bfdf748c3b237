//! What both stacks look like to a measurement: frames in and out, and the five calls of a server.

/// The most that an application reads at once.
pub(crate) const READ_OCTETS: usize = 65_535;

/// Frames that a host has sent and nobody has looked at, one behind the other. The memory is that of a
/// device: it is there, and nobody clears it.
#[derive(Default)]
pub(crate) struct Sent {
    octets: Vec<u8>,
    ends: Vec<usize>,
}

impl Sent {
    pub(crate) fn push(&mut self, frame: &[u8]) {
        self.grow(frame.len()).copy_from_slice(frame);
    }

    /// Room for a frame of `len` octets.
    pub(crate) fn grow(&mut self, len: usize) -> &mut [u8] {
        let start = self.ends.last().copied().unwrap_or(0);
        let end = start + len;
        if self.octets.len() < end {
            self.octets.resize(end.next_power_of_two(), 0);
        }
        self.ends.push(end);
        &mut self.octets[start..end]
    }

    pub(crate) fn clear(&mut self) {
        self.ends.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.octets[start..*end])
    }

    pub(crate) fn last(&self) -> &[u8] {
        self.frames().last().unwrap_or_default()
    }
}

/// A stack under test, in virtual time. It listens on the port of [`crate::segment::PORT`].
pub(crate) trait Host {
    /// A connection that the application has.
    type Id: Copy;

    /// Data that the application is about to send.
    type Message;

    /// The name in the table.
    const NAME: &str;

    /// A host at the address of [`crate::segment::HOST`] whose connections buffer `buffer_octets` each way.
    /// So many as `backlog` may be on their way at once.
    fn serving(buffer_octets: u32, backlog: u32) -> Self;

    /// Another connection is about to come: a stack whose sockets take one connection each gets them ready.
    fn expect_connection(&mut self);

    /// Frames arrive one behind the other, and the stack does all that follows.
    fn frames<'f>(&mut self, frames: impl Iterator<Item = &'f [u8]>);

    /// What has left since it was last cleared.
    fn sent(&mut self) -> &mut Sent;

    /// Takes a connection that is complete.
    fn accept(&mut self) -> Self::Id;

    /// Reads what is there, and says how much that was. It is the application's then: one stack copies it
    /// into a buffer of the application, the other one gives a buffer away.
    fn receive(&mut self, id: Self::Id) -> usize;

    /// Data as the stack wants to be given it.
    fn message(id: Self::Id, data: &'static [u8]) -> Self::Message;

    /// Sends as much as there is room for, and says how much that was.
    fn send(&mut self, message: &Self::Message) -> usize;

    /// Gives the connection up in order.
    fn close(&mut self, id: Self::Id);

    /// A frame arrives.
    fn frame(&mut self, frame: &[u8]) {
        self.frames([frame].into_iter());
    }
}
