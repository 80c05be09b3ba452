//! A small plotter: axes with ticks, curves, dots and marks, as SVG that takes its colours from the page.

use std::fmt::Write as _;

/// The size of a picture, and where its axes stand.
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 40.0;

/// A coordinate axis: where numbers lie on it, and its ticks.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it shows.
    pub label: String,
    /// Its ends.
    pub low: f64,
    /// Its ends.
    pub high: f64,
    /// Places and their texts.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis over these numbers, with ticks at round ones.
    pub fn round(label: &str, numbers: impl Iterator<Item = f64>, margin: f64) -> Axis {
        let finite = numbers.filter(|x| x.is_finite());
        let (mut low, mut high) =
            finite.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low < 1e-9 * high.abs().max(1e-9) {
            (low, high) = (low - 1.0, high + 1.0);
        }
        let room = margin * (high - low);
        (low, high) = (low - room, high + room);
        let rough = (high - low) / 4.0;
        let power = 10f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|step| *step >= rough).unwrap_or(rough);
        let first = (low / step).ceil() as i64;
        let last = (high / step).floor() as i64;
        let ticks = (first..=last).map(|at| (at as f64 * step, tick(at as f64 * step, step))).collect();
        Axis { label: label.to_owned(), low, high, ticks }
    }

    fn share(&self, x: f64) -> f64 {
        (x - self.low) / (self.high - self.low)
    }
}

fn tick(x: f64, step: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let text = if x.abs() >= 1e5 || step < 1e-4 {
        format!("{x:.0e}")
    } else {
        let places = (-step.log10().floor()).max(0.0) as usize;
        format!("{x:.places$}")
    };
    text.replace('-', "\u{2212}")
}

/// A picture under construction.
pub struct Plot {
    x: Axis,
    y: Axis,
    body: String,
}

impl Plot {
    /// Axes without anything between them.
    pub fn new(x: Axis, y: Axis) -> Plot {
        let mut plot = Plot { x, y, body: String::new() };
        plot.grid();
        plot
    }

    fn px(&self, x: f64) -> f64 {
        LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        let share = self.y.share(y).clamp(-0.02, 1.02);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    fn grid(&mut self) {
        let (bottom, end) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        let mut text = String::new();
        for (at, label) in &self.x.ticks {
            let x = self.px(*at);
            let _ = write!(text, "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/>");
            let _ = write!(
                text,
                "<text class=\"tick\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{:.1}\">{label}</text>",
                bottom + 14.0
            );
        }
        for (at, label) in &self.y.ticks {
            let y = self.py(*at);
            let _ = write!(text, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{end}\"/>");
            let _ = write!(
                text,
                "<text class=\"tick\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
                LEFT - 6.0,
                y + 3.5
            );
        }
        let _ = write!(text, "<path class=\"axis\" d=\"M{LEFT} {TOP}V{bottom}H{end}\"/>");
        let middle = (LEFT + end) / 2.0;
        let _ = write!(
            text,
            "<text class=\"label\" text-anchor=\"middle\" x=\"{middle:.1}\" y=\"{:.1}\">{}</text>",
            HEIGHT - 6.0,
            escaped(&self.x.label)
        );
        let _ = write!(
            text,
            "<text class=\"label\" text-anchor=\"middle\" transform=\"translate(11 {:.1}) rotate(-90)\">{}</text>",
            (TOP + bottom) / 2.0,
            escaped(&self.y.label)
        );
        self.body.push_str(&text);
    }

    /// A curve through points; it breaks where one is not a number.
    pub fn curve(&mut self, class: &str, points: impl IntoIterator<Item = (f64, f64)>) {
        let mut path = String::new();
        let mut broken = true;
        for (x, y) in points {
            // A curve that leaves the picture is cut at its edge.
            if !y.is_finite() {
                broken = true;
                continue;
            }
            let _ = write!(path, "{}{:.1} {:.1}", if broken { "M" } else { "L" }, self.px(x), self.py(y));
            broken = false;
        }
        let _ = write!(self.body, "<path class=\"{class}\" d=\"{path}\"/>");
    }

    /// A filled band from the bottom up to a curve.
    pub fn area(&mut self, class: &str, points: &[(f64, f64)]) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let bottom = HEIGHT - BOTTOM;
        let mut path = format!("M{:.1} {bottom}", self.px(first.0));
        for (x, y) in points {
            let _ = write!(path, "L{:.1} {:.1}", self.px(*x), self.py(*y));
        }
        let _ = write!(path, "L{:.1} {bottom}Z", self.px(last.0));
        let _ = write!(self.body, "<path class=\"{class}\" d=\"{path}\"/>");
    }

    /// Small circles.
    pub fn dots(&mut self, class: &str, points: impl IntoIterator<Item = (f64, f64)>) {
        for (x, y) in points {
            if y.is_finite() && (-0.001..=1.001).contains(&self.y.share(y)) {
                let _ = write!(
                    self.body,
                    "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.6\"/>",
                    self.px(x),
                    self.py(y)
                );
            }
        }
    }

    /// An upright line.
    pub fn mark(&mut self, class: &str, x: f64) {
        let _ =
            write!(self.body, "<path class=\"{class}\" d=\"M{:.1} {TOP}V{}\"/>", self.px(x), HEIGHT - BOTTOM);
    }

    /// The picture; `what` says in words what it shows.
    pub fn finish(self, what: &str) -> String {
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">{}</svg>",
            escaped(what),
            self.body
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{Axis, Plot};

    #[test]
    fn ticks_are_round_numbers_inside() {
        let axis = Axis::round("x", [-4.0, 4.0].into_iter(), 0.0);
        let texts: Vec<&str> = axis.ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["\u{2212}4", "\u{2212}2", "0", "2", "4"]);
        let flat = Axis::round("x", [f64::NAN, 3.0].into_iter(), 0.05);
        assert!(flat.low < 3.0 && 3.0 < flat.high && !flat.ticks.is_empty());
    }

    #[test]
    fn a_curve_breaks_at_what_is_no_number() {
        let axis = || Axis::round("a < b", [0.0, 1.0].into_iter(), 0.0);
        let mut plot = Plot::new(axis(), axis());
        plot.curve("c", [(0.0, 0.0), (0.5, f64::NAN), (1.0, 1.0)]);
        let svg = plot.finish("x");
        assert!(svg.contains("class=\"c\" d=\"M52.0 200.0M410.0 12.0\""), "{svg}");
        assert!(svg.contains("a &lt; b") && !svg.contains("NaN"));
    }
}
