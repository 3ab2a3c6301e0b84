//! Gzip with any number of members, and what may lie behind the last one.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::{GzipMembers, damaged, decoding};

/// Inflates member after member. Zeros behind the last one are padding; anything else there is damage.
pub(super) struct Gunzip<R> {
    /// The member at hand; none behind the last.
    member: Option<GzDecoder<R>>,
    members: GzipMembers,
    so_far: u32,
}

impl<R: BufRead> Gunzip<R> {
    /// `members` is kept at the number of members met, if that is the greatest yet.
    pub(super) fn new(packed: R, members: GzipMembers) -> Self {
        members.set(members.get().max(1));
        Self { member: Some(GzDecoder::new(packed)), members, so_far: 1 }
    }

    /// Goes on to the next member, if there is one.
    fn next_member(&mut self) -> io::Result<()> {
        let Some(decoder) = self.member.take() else { return Ok(()) };
        let mut packed = decoder.into_inner();
        let next = packed.fill_buf()?;
        match next.first() {
            None => Ok(()),
            Some(0x1f) => {
                self.so_far += 1;
                self.members.set(self.members.get().max(self.so_far));
                self.member = Some(GzDecoder::new(packed));
                Ok(())
            }
            Some(0) => only_zeros(&mut packed),
            Some(_) => Err(damaged("bytes that are no gzip follow the gzip data")),
        }
    }
}

fn only_zeros(packed: &mut impl BufRead) -> io::Result<()> {
    loop {
        let rest = packed.fill_buf()?;
        if rest.is_empty() {
            return Ok(());
        }
        if rest.iter().any(|byte| *byte != 0) {
            return Err(damaged("bytes that are no gzip follow the gzip data"));
        }
        let len = rest.len();
        packed.consume(len);
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let Some(decoder) = &mut self.member else { return Ok(0) };
            let read = decoder.read(buffer).map_err(|error| decoding("gzip", error))?;
            if read > 0 {
                return Ok(read);
            }
            self.next_member()?;
        }
    }
}
