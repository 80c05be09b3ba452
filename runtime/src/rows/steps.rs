//! Positions of an axis, or of a group of axes, as offsets in memory.

/// How an array lies along the positions of one axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    /// The same distance from each position to the next.
    Even(isize),
    /// Lengths and strides, outermost first, of the axes of a group, whose positions are numbered row-major.
    Group(Box<[(usize, isize)]>),
}

impl Steps {
    /// All positions at the same element.
    pub(super) const NONE: Steps = Steps::Even(0);

    /// Joins the axes of a group as far as they allow.
    pub(super) fn new(axes: &[(usize, isize)]) -> Steps {
        if let [(_, stride)] = axes {
            return Steps::Even(*stride);
        }
        let mut joined: Vec<(usize, isize)> = Vec::with_capacity(axes.len());
        for &(length, stride) in axes {
            if length == 1 {
                continue;
            }
            match joined.last_mut() {
                Some(last) if last.1 == stride.wrapping_mul(length as isize) => {
                    *last = (last.0 * length, stride)
                }
                _ => joined.push((length, stride)),
            }
        }
        match joined[..] {
            [] => Steps::NONE,
            [(_, stride)] => Steps::Even(stride),
            _ => Steps::Group(joined.into()),
        }
    }

    /// The sum of both offsets at every position: an element on a diagonal.
    pub(super) fn plus(&self, other: &Steps) -> Steps {
        match (self, other) {
            (Steps::Even(a), Steps::Even(b)) => Steps::Even(a + b),
            (Steps::Group(axes), Steps::Even(stride)) | (Steps::Even(stride), Steps::Group(axes)) => {
                let mut below = *stride;
                let mut axes = axes.clone();
                for (length, own) in axes.iter_mut().rev() {
                    *own += below;
                    below *= *length as isize;
                }
                Steps::Group(axes)
            }
            (Steps::Group(a), Steps::Group(b)) => {
                // Both number the same positions: split them where either is split.
                let (mut a, mut b) = (a.to_vec(), b.to_vec());
                let mut both = Vec::new();
                while let (Some(x), Some(y)) = (a.last_mut(), b.last_mut()) {
                    let length = x.0.min(y.0);
                    both.push((length, x.1 + y.1));
                    for own in [x, y] {
                        *own = (own.0 / length, own.1 * length as isize);
                    }
                    a.pop_if(|own| own.0 <= 1);
                    b.pop_if(|own| own.0 <= 1);
                }
                both.reverse();
                Steps::new(&both)
            }
        }
    }

    /// The stride, where there is only one.
    #[inline]
    pub(super) fn even(&self) -> Option<isize> {
        match self {
            Steps::Even(stride) => Some(*stride),
            Steps::Group(_) => None,
        }
    }

    /// The offset of a position.
    #[inline]
    pub(super) fn offset(&self, position: usize) -> isize {
        match self {
            Steps::Even(stride) => position as isize * stride,
            Steps::Group(axes) => {
                let mut rest = position;
                let mut offset = 0;
                for &(length, stride) in axes.iter().rev() {
                    offset += (rest % length) as isize * stride;
                    rest /= length;
                }
                offset
            }
        }
    }

    /// Calls `visit` with each of the first `length` positions and its offset, in order.
    #[inline(always)]
    pub(super) fn walk(&self, length: usize, mut visit: impl FnMut(usize, isize)) {
        match self {
            Steps::Even(1) => {
                for at in 0..length {
                    visit(at, at as isize);
                }
            }
            Steps::Even(stride) => {
                let mut offset = 0isize;
                for at in 0..length {
                    visit(at, offset);
                    offset = offset.wrapping_add(*stride);
                }
            }
            Steps::Group(axes) => {
                let (run, stride) = axes[axes.len() - 1];
                let mut at = 0;
                while at < length {
                    let start = self.offset(at);
                    for inner in 0..run.min(length - at) {
                        visit(at + inner, start + inner as isize * stride);
                    }
                    at += run;
                }
            }
        }
    }
}
