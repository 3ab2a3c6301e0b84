//! Round numbers for axes, and coordinates as text.

/// The least of 1, 2, 5, 10, 20, … that is not less than `number`.
pub(super) fn round_up(number: f64) -> f64 {
    if number.is_nan() || number <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(number.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= number * 0.999_999);
    step.unwrap_or(10.0) * power
}

/// A coordinate, with one digit behind the point.
pub(super) fn at(number: f64) -> String {
    format!("{:.1}", if number.is_finite() { number } else { 0.0 })
}

/// A number as a label: whole where it is whole.
pub(super) fn label(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let ends: Vec<f64> = [0.0, 0.3, 1.0, 7.0, 11.0, 49.0, 1000.0, 1001.0, f64::NAN].map(round_up).to_vec();
        assert_eq!(ends, [1.0, 0.5, 1.0, 10.0, 20.0, 50.0, 1000.0, 2000.0, 1.0]);
    }
}
