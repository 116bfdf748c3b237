//! floor 6: decompression of captures while they are read, in constant memory.

use super::look::Compression;
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder as Lz4Decoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, BufReader, Read};

/// Where octets come from.
pub(super) type Source = Box<dyn Read + Send>;

/// Octets of compressed data that are read at once.
const CHUNK: usize = 1 << 17;
/// Memory that decompression may need: more than the highest levels of the usual tools take.
const MAX_MEMORY_KIB: u32 = 256 << 10;

/// What comes out of decompression.
pub(super) fn unpacked(compression: Compression, packed: Source) -> Source {
    let packed = BufReader::with_capacity(CHUNK, packed);
    match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(packed)),
        Compression::Zstd => Box::new(Zstd::new(packed)),
        Compression::Xz => Box::new(XzReader::new_mem_limit(packed, true, MAX_MEMORY_KIB)),
        Compression::Bzip2 => Box::new(MultiBzDecoder::new(packed)),
        Compression::Lz4 => Box::new(Lz4 { decoder: Lz4Decoder::new(packed) }),
    }
}

/// Why decompression failed.
pub(super) fn reason(compression: Compression, error: &io::Error) -> String {
    let (name, _) = compression.names();
    if is_cut(error) {
        return format!("the data of {name} ends too early");
    }
    let words = error.to_string();
    let words: Vec<&str> = words.split_whitespace().collect();
    format!("damaged data of {name}: {}", words.join(" "))
}

/// Whether the compressed data ends too early.
pub(super) fn is_cut(error: &io::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof) {
            return true;
        }
        // What an error of the system wraps is its own source, not that of the wrapper.
        cause = match io.and_then(io::Error::get_ref) {
            Some(within) => Some(within),
            None => error.source(),
        };
    }
    false
}

/// Frames of zstd, one after the other.
struct Zstd<R> {
    packed: R,
    decoder: FrameDecoder,
    /// Whether the decoder has a frame.
    within: bool,
    /// What ended the data within a frame. What the decoder had kept for what refers to it comes before.
    cut: Option<io::Error>,
}

/// A block without octets that ends its frame, and room for a checksum.
const LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

impl<R: BufRead> Zstd<R> {
    fn new(packed: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(u64::from(MAX_MEMORY_KIB) << 10);
        Self { packed, decoder, within: false, cut: None }
    }

    /// Begins the next frame; says whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.packed.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.packed) {
                Ok(()) => {
                    self.within = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.packed).take(length.into());
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }

    /// Decodes the next block. A frame that is cut ends with the block before.
    fn decode(&mut self) -> io::Result<()> {
        let one = || BlockDecodingStrategy::UptoBlocks(1);
        let decoded = self.decoder.decode_blocks(&mut self.packed, one());
        let Some(error) = decoded.err().map(io::Error::other) else { return Ok(()) };
        if !is_cut(&error) {
            return Err(error);
        }
        self.decoder.decode_blocks(&LAST_BLOCK[..], one()).map_err(io::Error::other)?;
        self.cut = Some(error);
        Ok(())
    }

    /// Ends a frame that was read whole.
    fn end(&mut self) -> io::Result<()> {
        self.within = false;
        let (told, counted) = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
        if told.is_some() && told != counted {
            return Err(io::Error::other("the checksum is wrong"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.within && !self.begin()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decode()?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if let Some(error) = self.cut.take() {
                self.within = false;
                return Err(error);
            }
            self.end()?;
        }
    }
}

/// Frames of lz4, one after the other: the decoder's end of a frame is not the end of the file.
struct Lz4<R: Read> {
    decoder: Lz4Decoder<R>,
}

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.decoder.get_mut().fill_buf()?.is_empty() {
                return Ok(read);
            }
        }
    }
}
