//! Samples: their axes, and where the elements of each sample are.
//!
//! Everything that varies over samples registers its strides over the sample shape and gets a number. Then
//! the axes are joined as far as all of them allow, and [`Samples::fill`] gives the offsets of the samples of
//! a tile. Samples keep their row-major order.

/// The sample axes, and the strides over them of all that varies over samples.
#[derive(Debug)]
pub(super) struct Samples {
    shape: Vec<usize>,
    strides: Vec<Vec<isize>>,
    /// How many samples there are.
    pub(super) count: usize,
}

impl Samples {
    pub(super) fn new(shape: &[usize]) -> Self {
        Samples { shape: shape.to_vec(), strides: Vec::new(), count: shape.iter().product() }
    }

    /// A number for these strides, one per axis of the shape.
    pub(super) fn register(&mut self, strides: Vec<isize>) -> usize {
        debug_assert_eq!(strides.len(), self.shape.len());
        if let Some(number) = self.strides.iter().position(|known| *known == strides) {
            return number;
        }
        self.strides.push(strides);
        self.strides.len() - 1
    }

    /// How many numbers there are.
    pub(super) fn registered(&self) -> usize {
        self.strides.len()
    }

    /// Joins neighbouring axes. After this, nothing can be registered.
    pub(super) fn join(&mut self) {
        let mut axis = 0;
        while axis < self.shape.len() {
            let joins = |strides: &Vec<isize>| {
                let length = self.shape[axis] as isize;
                strides[axis - 1] == strides[axis].wrapping_mul(length)
            };
            if self.shape[axis] == 1 {
                self.remove(axis, axis);
            } else if axis > 0 && self.strides.iter().all(joins) {
                self.shape[axis - 1] *= self.shape[axis];
                self.remove(axis, axis - 1);
            } else {
                axis += 1;
            }
        }
    }

    /// Removes a length, and a stride of everything.
    fn remove(&mut self, length: usize, stride: usize) {
        self.shape.remove(length);
        for strides in &mut self.strides {
            strides.remove(stride);
        }
    }

    /// The length of the innermost axis.
    pub(super) fn run(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// The innermost stride of a number.
    pub(super) fn stride(&self, number: usize) -> isize {
        self.strides[number].last().copied().unwrap_or(0)
    }

    /// Whether so many samples all lie on the innermost axis.
    pub(super) fn straight(&self, start: usize, count: usize) -> bool {
        let run = self.run();
        run > 0 && start % run + count <= run
    }

    /// Whether the elements of so many samples lie side by side.
    pub(super) fn beside(&self, number: usize, start: usize, count: usize) -> bool {
        self.stride(number) == 1 && self.straight(start, count)
    }

    /// Writes the offsets of `count` samples from number `start` on: for each number, `lanes` of them, where
    /// those beyond the end are that of the last sample.
    pub(super) fn fill(&self, start: usize, count: usize, lanes: usize, offsets: &mut [isize]) {
        for (strides, offsets) in self.strides.iter().zip(offsets.chunks_exact_mut(lanes)) {
            let (offsets, rest) = offsets.split_at_mut(count);
            match (strides[..].split_last(), self.shape.split_last()) {
                (Some((stride, [])), _) => {
                    let mut next = start as isize * stride;
                    for offset in offsets.iter_mut() {
                        *offset = next;
                        next += stride;
                    }
                }
                (Some((stride, outer)), Some((&run, lengths))) => {
                    let mut lane = 0;
                    while lane < count {
                        let mut number = (start + lane) / run;
                        let column = (start + lane) % run;
                        let mut base = column as isize * stride;
                        for (&length, &stride) in lengths.iter().zip(outer).rev() {
                            base += (number % length) as isize * stride;
                            number /= length;
                        }
                        let part = (run - column).min(count - lane);
                        for (step, offset) in offsets[lane..lane + part].iter_mut().enumerate() {
                            *offset = base + step as isize * stride;
                        }
                        lane += part;
                    }
                }
                _ => offsets.fill(0),
            }
            if let (Some(last), false) = (offsets.last(), rest.is_empty()) {
                rest.fill(*last);
            }
        }
    }
}
