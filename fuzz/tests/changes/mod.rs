//! Changes of kept inputs: bytes turned, put in, taken out, and two inputs put together. By chance, but by the same chance each
//! time.

/// Numbers that readers stumble over.
const ODD: [&[u8]; 12] = [
    b"",
    b"\0",
    b"\xff",
    b"-1",
    b"0",
    b"NaN",
    b"1e999",
    b"9223372036854775808",
    "\u{202e}".as_bytes(),
    b"\n",
    b"\"",
    b"\\",
];

pub struct Changes<'a> {
    seeds: &'a [&'a [u8]],
    state: u64,
}

impl<'a> Changes<'a> {
    pub fn new(name: &str, seeds: &'a [&'a [u8]]) -> Self {
        let state = name
            .bytes()
            .fold(0x9E37_79B9_7F4A_7C15_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
        Self { seeds, state }
    }

    /// A number below that one, or zero (`SplitMix64`).
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut n = self.state;
        n = (n ^ n >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        n = (n ^ n >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((n ^ n >> 31) % (end.max(1) as u64)).unwrap()
    }

    fn seed(&mut self) -> &'a [u8] {
        let at = self.below(self.seeds.len());
        self.seeds[at]
    }

    /// A part of these bytes.
    fn part(&mut self, of: usize) -> std::ops::Range<usize> {
        let (one, other) = (self.below(of + 1), self.below(of + 1));
        one.min(other)..one.max(other)
    }

    /// The next change.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.seed().to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(input.len());
            match self.below(6) {
                0 if !input.is_empty() => input[at] ^= 1 << self.below(8),
                1 if !input.is_empty() => input[at] = u8::try_from(self.below(256)).unwrap(),
                2 => {
                    let part = self.part(input.len());
                    input.drain(part);
                }
                3 => {
                    let odd = ODD[self.below(ODD.len())];
                    input.splice(at..at, odd.iter().copied());
                }
                4 => {
                    let part = self.part(input.len().min(64));
                    let again = input[part].to_vec();
                    input.splice(at..at, again);
                }
                _ => {
                    let other = self.seed();
                    let part = self.part(other.len());
                    input.splice(at.., other[part].iter().copied());
                }
            }
        }
        input
    }
}
