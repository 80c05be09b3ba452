//! "did you mean": the nearest of some names.

/// Of more candidates than this, the others are not looked at.
const MOST_CANDIDATES: usize = 1000;

/// Longer words are compared as far as this.
const LONGEST: usize = 64;

/// The candidate that a misspelt name most likely means.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match name.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let start = |word: &str| word.chars().take(LONGEST).collect::<Vec<char>>();
    let name = start(name);
    let mut candidates: Vec<&str> = candidates.collect();
    if candidates.len() > MOST_CANDIDATES {
        // They come in any order, but the same ones are looked at in every run.
        candidates.sort_unstable();
        candidates.truncate(MOST_CANDIDATES);
    }
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(&name, &start(candidate), limit)?, candidate)))
        .filter(|(distance, candidate)| *distance < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// The number of insertions, deletions, replacements and swaps of neighbours between two words, where it is within
/// a limit.
fn distance(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // What lies further from the diagonal than the limit is beyond it.
    let beyond = limit + 1;
    let mut rows = vec![vec![beyond; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in i.saturating_sub(limit)..=b.len().min(i + limit) {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    Some(rows[a.len()][b.len()]).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_the_name_with_the_fewest_changes() {
        let names = ["target", "input", "margin"];
        assert_eq!(nearest("taget", names.into_iter()), Some("target"));
        assert_eq!(nearest("inptu", names.into_iter()), Some("input"));
        assert_eq!(nearest("weight", names.into_iter()), None);
        assert_eq!(nearest("x", ["y", "beta"].into_iter()), None);
    }
}
