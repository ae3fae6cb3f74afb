//! Many measurements of one thing in a few figures.

/// What was measured, in any unit, lowest first.
#[derive(Debug, Clone, Default)]
pub struct Spread(Vec<f64>);

impl FromIterator<f64> for Spread {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }
}

impl Spread {
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len().max(1) as f64
    }

    /// The value below which so much of all lies, 0.99 say; 0 where nothing was measured.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank in a list")]
    pub fn at(&self, part: f64) -> f64 {
        let rank = (self.0.len() as f64 * part).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    pub fn median(&self) -> f64 {
        self.at(0.5)
    }

    pub fn most(&self) -> f64 {
        self.at(1.0)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}
