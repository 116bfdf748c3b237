//! floor 8: an input that shows something, made plain: as few octets that are not zero as will show it.

/// Tries at the most: one takes about a millisecond.
const TRIES_MAX: u32 = 4_000;

/// The input without all that `shows` does not need.
pub fn plain(bytes: &[u8], shows: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut best = bytes.to_vec();
    let mut tries = 0;
    let mut attempt = |best: &mut Vec<u8>, changed: Vec<u8>| {
        tries += 1;
        let better = tries <= TRIES_MAX && changed != *best && shows(&changed);
        if better {
            *best = changed;
        }
        better
    };
    loop {
        let before = best.clone();
        let mut cut = best.len() / 2;
        while cut > 0 {
            let shorter = best[..best.len().saturating_sub(cut)].to_vec();
            if !attempt(&mut best, shorter) {
                cut /= 2;
            }
        }
        for at in 0..best.len() {
            for octet in [0, best[at] / 2, best[at].saturating_sub(1)] {
                let mut changed = best.clone();
                changed[at] = octet;
                if attempt(&mut best, changed) {
                    break;
                }
            }
        }
        if best == before {
            return best;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_needed_goes() {
        let noise: Vec<u8> = (0..60).collect();
        assert_eq!(plain(&noise, |bytes| bytes.get(7) >= Some(&5)), [0, 0, 0, 0, 0, 0, 0, 5]);
    }
}
