//! Changes definitions as trees: most inputs then parse, and reach what stands behind the parser.

use serde_json::Value;

/// A small generator; the engine gives the seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % below.max(1)
    }
}

const WORDS: &[&str] = &[
    "", "0", "-1", "1e999", "true", "*", "/", ".", "..", "$", "$.", "${x}", "{{x}}", "@{x}", "={{ $json.x }}", "[", "]",
    "a.b[0]", "[x]", "é\u{1F600}", "\u{0}", "\n", "99999999999999999999", "next", "else", "GET", "https://{x}/y?z=1",
];

/// Mutates JSON in place; nothing when the bytes are no JSON, so that the engine's own mutations take over.
pub fn tree(data: &mut [u8], size: usize, max: usize, seed: u32) -> Option<usize> {
    let mut random = Random((u64::from(seed) << 20) | 0x9E37_79B9);
    if random.next(4) == 0 {
        return None;
    }
    let mut value: Value = serde_json::from_slice(data.get(..size)?).ok()?;
    for _ in 0..=random.next(3) {
        change(&mut value, &mut random);
    }
    let text = serde_json::to_vec(&value).ok()?;
    (text.len() <= max && text.len() <= data.len()).then(|| data[..text.len()].copy_from_slice(&text))?;
    Some(text.len())
}

fn change(root: &mut Value, random: &mut Random) {
    let count = size(root);
    let (at, other) = (random.next(count), random.next(count));
    let donor = nth(root, other).cloned().unwrap_or_default();
    let mut keys = all_keys(root);
    keys.push("x".to_owned());
    let Some(target) = nth_mut(root, at) else { return };
    match (random.next(9), &mut *target) {
        (0, _) => *target = donor,
        (1, _) => *target = simple(random),
        (2 | 3, Value::Object(map)) => {
            let keep = random.next(map.len());
            let key = map.keys().nth(keep).cloned().unwrap_or_default();
            map.shift_remove(&key);
        }
        (4, Value::Object(map)) => drop(map.insert(keys[random.next(keys.len())].clone(), donor)),
        (5, Value::Object(map)) => {
            let key = map.keys().nth(random.next(map.len())).cloned().unwrap_or_default();
            if let Some(value) = map.shift_remove(&key) {
                map.insert(keys[random.next(keys.len())].clone(), value);
            }
        }
        (2..=5, Value::Array(list)) => {
            let i = random.next(list.len() + 1);
            if random.next(2) == 0 { list.insert(i, donor) } else if i < list.len() { drop(list.remove(i)) }
        }
        (_, Value::String(text)) => *text = spliced(text, &donor, random),
        (_, Value::Number(_)) => *target = (random.next(5) as i64 - 2).into(),
        _ => *target = simple(random),
    }
}

fn spliced(text: &str, donor: &Value, random: &mut Random) -> String {
    let cut = |at: usize| (0..=at).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let (a, b) = (cut(random.next(text.len() + 1)), cut(random.next(text.len() + 1)));
    let word = donor.as_str().filter(|_| random.next(2) == 0).unwrap_or(WORDS[random.next(WORDS.len())]);
    format!("{}{word}{}", &text[..a.min(b)], &text[a.max(b)..])
}

fn simple(random: &mut Random) -> Value {
    match random.next(7) {
        0 => Value::Null,
        1 => true.into(),
        2 => 0.into(),
        3 => Value::Array(Vec::new()),
        4 => Value::Object(serde_json::Map::new()),
        _ => WORDS[random.next(WORDS.len())].into(),
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

fn size(value: &Value) -> usize {
    1 + children(value).into_iter().map(size).sum::<usize>()
}

fn nth(value: &Value, mut n: usize) -> Option<&Value> {
    if n == 0 {
        return Some(value);
    }
    n -= 1;
    for child in children(value) {
        let size = size(child);
        if n < size {
            return nth(child, n);
        }
        n -= size;
    }
    None
}

fn nth_mut(value: &mut Value, mut n: usize) -> Option<&mut Value> {
    if n == 0 {
        return Some(value);
    }
    n -= 1;
    let children: Vec<&mut Value> = match value {
        Value::Array(list) => list.iter_mut().collect(),
        Value::Object(map) => map.values_mut().collect(),
        _ => Vec::new(),
    };
    for child in children {
        let size = size(child);
        if n < size {
            return nth_mut(child, n);
        }
        n -= size;
    }
    None
}

fn all_keys(value: &Value) -> Vec<String> {
    let mut keys: Vec<String> = match value {
        Value::Object(map) => map.keys().cloned().collect(),
        _ => Vec::new(),
    };
    keys.extend(children(value).into_iter().filter(|v| v.is_object() || v.is_array()).flat_map(all_keys));
    keys
}
