//! The layout of C2SP tlog-tiles: where a log's hashes and entries lie, what is in a tile, how tiles serve as a tree.
//!
//! A tile is 256 hashes of one height of the tree; a bundle is the entries under a tile of level 0. The last ones of
//! a log are partial. What a reader answers is never trusted: everything computed from it is held against a root.

use crate::{Error, Hash, Result, count, encoding::decimal, error::refuse, merkle::Nodes, merkle::node_hash};

/// How many hashes a full tile has.
pub const WIDTH: u64 = 256;

/// The highest level that a path may name.
const MAX_LEVEL: u8 = 63;

/// The longest entry that a bundle can hold.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// What a tile has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Hashes of this level: 0 has the leaves, each hash of a higher level stands for a full tile beneath.
    Level(u8),
    /// The entries themselves.
    Entries,
}

/// One tile or entry bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Hashes of a level, or entries.
    pub kind: Kind,
    /// The index within the level.
    pub index: u64,
    /// How many hashes or entries it has, 1 to 256.
    pub width: u16,
}

impl Tile {
    /// The tile of this kind and index in a log of this size, full or partial; none where it would be empty.
    pub fn of(kind: Kind, index: u64, size: u64) -> Option<Self> {
        let level = if let Kind::Level(l) = kind { u32::from(l) } else { 0 };
        let hashes = size.checked_shr(8 * level).unwrap_or(0);
        let width = hashes.saturating_sub(index.checked_mul(WIDTH)?).min(WIDTH) as u16;
        (width > 0).then_some(Self { kind, index, width })
    }

    /// All tiles and bundles of a log of this size, bundles first, then level by level from the leaves.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        let kinds = std::iter::once(Kind::Entries).chain((0..8).map(Kind::Level));
        kinds.flat_map(move |kind| (0..).map_while(move |index| Self::of(kind, index, size)))
    }

    /// Whether it is a partial tile.
    pub fn is_partial(&self) -> bool {
        u64::from(self.width) < WIDTH
    }

    /// The index of its first leaf or entry, for bundles and tiles of level 0.
    pub fn first_entry(&self) -> u64 {
        self.index.saturating_mul(WIDTH)
    }

    /// The path beneath the log's prefix, such as `tile/0/x001/x234/067.p/8`.
    pub fn path(&self) -> String {
        let mut index = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            index = format!("x{:03}/{index}", rest % 1000);
            rest /= 1000;
        }
        let kind = match self.kind {
            Kind::Level(level) => level.to_string(),
            Kind::Entries => "entries".to_owned(),
        };
        let partial = if self.is_partial() { format!(".p/{}", self.width) } else { String::new() };
        format!("tile/{kind}/{index}{partial}")
    }

    /// Reads a path; only the one spelling that [`Tile::path`] writes is taken.
    pub fn parse(path: &str) -> Result<Self> {
        let tile = Self::parse_loosely(path).map_err(|e| e.at(format!("`{path}` is no path of a tile")))?;
        if tile.path() != path {
            refuse!("`{path}` is no path of a tile: it would be written `{}`", tile.path());
        }
        Ok(tile)
    }

    fn parse_loosely(path: &str) -> Result<Self> {
        let rest = path.strip_prefix("tile/").ok_or_else(|| Error::new("it does not begin with `tile/`"))?;
        let (kind, rest) = rest.split_once('/').ok_or_else(|| Error::new("it has no index"))?;
        let kind = if kind == "entries" { Kind::Entries } else { Kind::Level(level(kind)?) };
        let (index, width) = rest.split_once(".p/").map_or((rest, Ok(WIDTH)), |(i, w)| (i, decimal(w)));
        let width = width?;
        if !(1..=WIDTH).contains(&width) {
            refuse!("a tile has 1 to 256 hashes, not {width}");
        }
        Ok(Self { kind, index: index_from_path(index)?, width: width as u16 })
    }
}

impl std::fmt::Display for Tile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path())
    }
}

fn level(text: &str) -> Result<u8> {
    let level = decimal(text)?;
    u8::try_from(level).ok().filter(|l| *l <= MAX_LEVEL).ok_or_else(|| Error::new("levels go from 0 to 63"))
}

fn index_from_path(path: &str) -> Result<u64> {
    let mut index: u64 = 0;
    for part in path.split('/') {
        let digits = part.strip_prefix('x').unwrap_or(part);
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            refuse!("`{part}` is not three digits");
        }
        let number = digits.parse::<u64>().map_err(|e| Error::new(e.to_string()))?;
        let next = index.checked_mul(1000).and_then(|i| i.checked_add(number));
        index = next.ok_or_else(|| Error::new("the index does not fit 64 bits"))?;
    }
    Ok(index)
}

/// Where tiles and bundles come from: a folder, a bucket, a web server, memory.
pub trait ReadTiles {
    /// The bytes of a tile or bundle. A reader may answer with the full one where the partial one is gone.
    fn read_tile(&self, tile: &Tile) -> Result<Vec<u8>>;
}

impl<R: ReadTiles + ?Sized> ReadTiles for &R {
    fn read_tile(&self, tile: &Tile) -> Result<Vec<u8>> {
        (**self).read_tile(tile)
    }
}

/// Takes a tile of hashes apart and checks its length; of the full tile in place of a partial one, only the hashes asked for are kept.
pub fn hashes(tile: &Tile, bytes: &[u8]) -> Result<Vec<Hash>> {
    let (chunks, rest) = bytes.as_chunks::<32>();
    let width = usize::from(tile.width);
    if !rest.is_empty() || (chunks.len() != width && chunks.len() as u64 != WIDTH) {
        refuse!("`{tile}` should have {width} hashes, {} bytes, and has {} bytes", width * 32, bytes.len());
    }
    Ok(chunks[..width].to_vec())
}

/// Writes entries as a bundle: each after its length in two bytes.
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len());
        let length = length.map_err(|_| {
            Error::new(format!("an entry has at most {MAX_ENTRY} bytes, this one has {}", entry.len()))
        })?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(entry);
    }
    Ok(out)
}

/// Takes a bundle apart; of the full bundle in place of a partial one, only the entries asked for are kept.
pub fn entries<'a>(tile: &Tile, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>> {
    let (mut out, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let cut = || Error::new(format!("`{tile}` ends within its entry {}", out.len()));
        let (length, after) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or_else(cut)?;
        out.push(entry);
        rest = after;
    }
    let width = usize::from(tile.width);
    if out.len() != width && out.len() as u64 != WIDTH {
        refuse!("`{tile}` should have {} and has {}", count(width, "entry", "entries"), out.len());
    }
    out.truncate(width);
    Ok(out)
}

/// A tree of a given size whose hashes are read from tiles, without trust and without keeping them.
pub struct TiledTree<'a, R> {
    reader: &'a R,
    size: u64,
}

impl<'a, R: ReadTiles> TiledTree<'a, R> {
    /// The tree over the first `size` entries.
    pub fn new(reader: &'a R, size: u64) -> Self {
        Self { reader, size }
    }
}

impl<R: ReadTiles> Nodes for TiledTree<'_, R> {
    fn node(&self, level: u8, index: u64) -> Result<Hash> {
        let absent = || Error::new(format!("a tree of {} has no node {index} at level {level}", self.size));
        let within = u32::from(level % 8);
        let first = index.checked_mul(1 << within).ok_or_else(absent)?;
        let tile = Tile::of(Kind::Level(level / 8), first / WIDTH, self.size).ok_or_else(absent)?;
        let hashes = hashes(&tile, &self.reader.read_tile(&tile)?)?;
        let from = (first % WIDTH) as usize;
        let row = hashes.get(from..from + (1 << within)).ok_or_else(absent)?;
        Ok(complete(row))
    }
}

/// The root of a complete subtree; the row's length is a power of two.
pub(crate) fn complete(row: &[Hash]) -> Hash {
    let mut row = row.to_vec();
    while row.len() > 1 {
        row = row.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    row.first().copied().unwrap_or_else(crate::merkle::empty_root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(level: u8, index: u64, width: u16) -> Tile {
        Tile { kind: Kind::Level(level), index, width }
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        let cases = [
            (level(0, 1_234_067, 256), "tile/0/x001/x234/067"),
            (level(2, 0, 1), "tile/2/000.p/1"),
            (level(63, 999, 255), "tile/63/999.p/255"),
            (Tile { kind: Kind::Entries, index: 1000, width: 256 }, "tile/entries/x001/000"),
        ];
        for (tile, path) in cases {
            assert_eq!(tile.path(), path);
            assert_eq!(Tile::parse(path).unwrap(), tile);
        }
    }

    #[test]
    fn a_path_has_one_spelling() {
        let others = [
            "tile/00/000",
            "tile/64/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/",
            "tile/0",
            "checkpoint",
            "tile/entries/x99999/000",
            "tile/0/000.p/8/",
            "tile/0/x18/x446/x744/x073/x709/x551/x616/000",
        ];
        for path in others {
            assert!(Tile::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn the_example_of_the_specification_has_its_tiles() {
        let of = |kind| {
            let tiles: Vec<_> = Tile::all(70_000).filter(|t| t.kind == kind).collect();
            let partial: Vec<_> = tiles.iter().filter(|t| t.is_partial()).map(|t| t.width).collect();
            (tiles.len() - partial.len(), partial)
        };
        assert_eq!(of(Kind::Level(0)), (273, vec![112]));
        assert_eq!(of(Kind::Entries), (273, vec![112]));
        assert_eq!(of(Kind::Level(1)), (1, vec![17]));
        assert_eq!(of(Kind::Level(2)), (0, vec![1]));
        assert_eq!(of(Kind::Level(3)), (0, vec![]));
        let small: Vec<_> = Tile::all(256).map(|t| t.path()).collect();
        assert_eq!(small, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(Tile::all(0).count(), 0);
    }

    #[test]
    fn bundles_are_read_back_and_their_length_is_held_to() {
        let tile = Tile { kind: Kind::Entries, index: 0, width: 2 };
        let bytes = bundle([b"one".as_slice(), b""]).unwrap();
        assert_eq!(bytes, b"\0\x03one\0\0");
        assert_eq!(entries(&tile, &bytes).unwrap(), [b"one".as_slice(), b""]);
        for bad in [&bytes[..6], &bytes[..5], &bytes[..1], b""] {
            assert!(entries(&tile, bad).is_err(), "{bad:?}");
        }
        assert!(bundle([vec![0; MAX_ENTRY + 1].as_slice()]).is_err());
        assert!(hashes(&level(0, 0, 2), &[0; 63]).is_err() && hashes(&level(0, 0, 2), &[0; 32]).is_err());
    }
}
