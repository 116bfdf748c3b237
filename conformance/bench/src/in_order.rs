//! Segments in order on one connection, read by the application as they come.

use crate::client::Client;
use crate::host::Host;
use crate::rounds::Took;
use crate::segment;

/// Frames that are in the device when the stack looks at it.
const BATCH: usize = 16;
/// Frames that are made before some are measured: few enough to lie where a device puts them today, in the
/// cache of the processor. What memory costs beyond it is no affair of a stack.
const PORTION: usize = 256;
const DATA: [u8; 1460] = [0x61; 1460];
const BUFFER_OCTETS: u32 = 65_535;

/// A connection that takes data.
pub(crate) struct Sink<H: Host> {
    host: H,
    client: Client,
    id: H::Id,
    frames: Vec<u8>,
}

impl<H: Host> Sink<H> {
    pub(crate) fn new() -> Self {
        let mut host = H::serving(BUFFER_OCTETS, 1);
        let mut client = Client::new(0);
        let id = client.open(&mut host);
        Self { host, client, id, frames: Vec::new() }
    }

    /// Sends `segments` of 1460 octets, a multiple of [`BATCH`], portion by portion.
    pub(crate) fn round(&mut self, segments: usize) -> Took {
        let portions = (0..segments).step_by(PORTION).map(|done| PORTION.min(segments - done));
        portions.fold(Took::default(), |before, segments| before + self.portion(segments))
    }

    /// The frames are made beforehand.
    fn portion(&mut self, segments: usize) -> Took {
        self.frames.clear();
        (0..segments).for_each(|_| self.client.prepare(&mut self.frames, &DATA));
        let frame_octets = self.frames.len() / segments;
        let mut read = 0;
        let took = Took::of(|| {
            for batch in self.frames.chunks(frame_octets * BATCH) {
                self.host.sent().clear();
                self.host.frames(batch.chunks(frame_octets));
                read += self.host.receive(self.id);
            }
            segments as u64
        });
        assert_eq!(read, segments * DATA.len(), "{} delivers everything", H::NAME);
        let acknowledged = segment::ack(self.host.sent().last());
        assert!(self.client.seq.wrapping_sub(acknowledged) <= BUFFER_OCTETS, "{} acknowledges", H::NAME);
        took
    }
}
