//! Rectangles of characters with a baseline, and how they are put together.

/// A rectangle of characters; every line has the same width.
#[derive(Clone, Debug)]
pub(super) struct Block {
    lines: Vec<String>,
    /// The line at whose height it stands in a row; behind its lines for what is raised.
    baseline: usize,
}

impl Block {
    /// One line.
    pub(super) fn line(text: impl Into<String>) -> Block {
        Block { lines: vec![text.into()], baseline: 0 }
    }

    pub(super) fn width(&self) -> usize {
        width(&self.lines[0])
    }

    pub(super) fn baseline(&self) -> usize {
        self.baseline
    }

    pub(super) fn height(&self) -> usize {
        self.lines.len()
    }

    /// Its lines, without blanks at their ends.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.lines.iter().map(|line| line.trim_end().to_owned())
    }

    /// Blocks side by side, their baselines at one height.
    pub(super) fn beside(parts: &[Block]) -> Block {
        let above = parts.iter().map(|part| part.baseline).max().unwrap_or(0);
        let below = parts.iter().map(|part| part.height().saturating_sub(part.baseline)).max().unwrap_or(1);
        let mut lines = vec![String::new(); above + below];
        for part in parts {
            let top = above - part.baseline;
            for (i, line) in lines.iter_mut().enumerate() {
                match i.checked_sub(top).and_then(|row| part.lines.get(row)) {
                    Some(text) => line.push_str(text),
                    None => line.push_str(&" ".repeat(part.width())),
                }
            }
        }
        Block { lines, baseline: above }
    }

    /// Blocks one below the other, centred or from the left; the baseline is that line of the whole.
    pub(super) fn stack(parts: &[Block], centred: bool, baseline: usize) -> Block {
        let wide = parts.iter().map(Block::width).max().unwrap_or(0);
        let mut lines = Vec::new();
        for part in parts {
            let left = if centred { (wide - part.width()) / 2 } else { 0 };
            let right = wide - part.width() - left;
            for line in &part.lines {
                lines.push(format!("{}{line}{}", " ".repeat(left), " ".repeat(right)));
            }
        }
        Block { lines, baseline }
    }

    /// A numerator over a denominator.
    pub(super) fn over(above: Block, below: Block) -> Block {
        let bar = "─".repeat(above.width().max(below.width()) + 2);
        let baseline = above.height();
        Block::stack(&[above, Block::line(bar), below], true, baseline)
    }

    /// A base with an exponent at its upper right.
    pub(super) fn raised(base: Block, exponent: Block) -> Block {
        let mut exponent = exponent;
        exponent.baseline = exponent.height() + base.baseline;
        Block::beside(&[base, exponent])
    }

    /// Between two signs as tall as it is.
    pub(super) fn fenced(self, open: Tall, close: Tall) -> Block {
        let (height, baseline) = (self.height(), self.baseline);
        let tall = |sign: Tall| Block { lines: sign.lines(height), baseline };
        Block::beside(&[tall(open), self, tall(close)])
    }

    /// Behind a brace as tall as it is.
    pub(super) fn braced(self) -> Block {
        let height = self.height();
        let middle = self.baseline;
        let sign = |i: usize| match i {
            _ if height == 2 => ["⎰", "⎱"][i],
            0 => "⎧",
            _ if i + 1 == height => "⎩",
            _ if i == middle => "⎨",
            _ => "⎪",
        };
        let lines = (0..height).map(|i| if height == 1 { "{ ".to_owned() } else { format!("{} ", sign(i)) });
        let brace = Block { lines: lines.collect(), baseline: middle };
        Block::beside(&[brace, self])
    }
}

/// A bracket of any height: as one line, then its top, middle and bottom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tall(pub(super) [&'static str; 4]);

impl Tall {
    fn lines(self, height: usize) -> Vec<String> {
        let Tall([single, top, middle, bottom]) = self;
        let sign = |i: usize| match i {
            _ if height == 1 => single,
            0 => top,
            _ if i + 1 == height => bottom,
            _ => middle,
        };
        (0..height).map(|i| sign(i).to_owned()).collect()
    }
}

/// How many columns a text takes; all signs that are used take one.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}
