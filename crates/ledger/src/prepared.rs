//! Ed25519 keys that many signatures are of: with the multiples of the key at hand, verifying takes a third of the time.
//!
//! What is accepted is what [`VerifyingKey::verify`] of `ed25519-dalek` accepts, by the same computation: `s` is below the
//! order of the group, and `[s]B - [k]A` is written as the very bytes of `R`. Only the way to the sum is another one.

use curve25519_dalek::{EdwardsPoint, Scalar, constants::ED25519_BASEPOINT_POINT, traits::Identity};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha512};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

/// From so many signatures on, preparing a key pays.
const OFTEN: usize = 64;

/// A point's multiples: for each byte of a scalar, those by 1 to 128 of that byte's worth. 640 KiB.
struct Multiples(Vec<[EdwardsPoint; HALF]>);

const HALF: usize = 128;

static BASE: LazyLock<Multiples> = LazyLock::new(|| Multiples::of(ED25519_BASEPOINT_POINT));

impl Multiples {
    fn of(point: EdwardsPoint) -> Self {
        let mut worth = point;
        let rows = (0..32).map(|_| {
            let mut next = EdwardsPoint::identity();
            let row = [(); HALF].map(|()| {
                next += worth;
                next
            });
            worth = next + next;
            row
        });
        Multiples(rows.collect())
    }

    /// Adds the product with a scalar below the order of the group. Its time tells the scalar: none here is a secret.
    fn add_product(&self, scalar: &Scalar, sum: &mut EdwardsPoint) {
        let mut carry = 0;
        for (row, byte) in self.0.iter().zip(scalar.as_bytes()) {
            let digit = usize::from(*byte) + carry;
            // More than half of a byte's worth is one of the next less the rest. The last byte is below 17: nothing is left.
            carry = usize::from(digit > HALF);
            if carry == 1 {
                // Nothing stands for a digit of 256: that is the next byte's alone.
                if let Some(multiple) = (2 * HALF - digit).checked_sub(1).and_then(|i| row.get(i)) {
                    *sum -= multiple;
                }
            } else if let Some(multiple) = digit.checked_sub(1).and_then(|i| row.get(i)) {
                *sum += multiple;
            }
        }
    }
}

/// A key that is prepared when it is met often.
pub(crate) struct Prepared {
    key: VerifyingKey,
    met: AtomicUsize,
    multiples: OnceLock<Multiples>,
}

/// What is left to verify of a signature that was read: that `[s]B - [k]A` is written as the bytes of `R`.
pub(crate) struct Equation {
    key: Arc<Prepared>,
    r: [u8; 32],
    s: Scalar,
    k: Scalar,
}

impl Prepared {
    pub fn new(key: VerifyingKey) -> Self {
        Self { key, met: AtomicUsize::new(0), multiples: OnceLock::new() }
    }

    /// The sum of the equation.
    fn sum(&self, s: &Scalar, k: &Scalar) -> EdwardsPoint {
        let minus = -self.key.to_edwards();
        if self.met.fetch_add(1, Ordering::Relaxed) < OFTEN {
            return EdwardsPoint::vartime_double_scalar_mul_basepoint(k, &minus, s);
        }
        let mut sum = EdwardsPoint::identity();
        BASE.add_product(s, &mut sum);
        self.multiples.get_or_init(|| Multiples::of(minus)).add_product(k, &mut sum);
        sum
    }
}

impl Equation {
    /// That of a signature over a message; none where the signature is not in range.
    pub fn of(key: Arc<Prepared>, message: &[u8], signature: &Signature) -> Option<Self> {
        let s = Scalar::from_canonical_bytes(*signature.s_bytes()).into_option()?;
        let hash = Sha512::new_with_prefix(signature.r_bytes());
        let hash = hash.chain_update(key.key.as_bytes()).chain_update(message).finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        Some(Self { key, r: *signature.r_bytes(), s, k })
    }
}

/// How many sums are written at once: that takes one division for all of them.
const AT_ONCE: usize = 32;

/// Of each equation, whether it holds.
pub(crate) fn hold(equations: &[&Equation]) -> Vec<bool> {
    let mut holds = Vec::with_capacity(equations.len());
    for some in equations.chunks(AT_ONCE) {
        if let [one] = some {
            holds.push(*one.key.sum(&one.s, &one.k).compress().as_bytes() == one.r);
            continue;
        }
        let mut sums = [EdwardsPoint::identity(); AT_ONCE];
        sums.iter_mut().zip(some).for_each(|(sum, e)| *sum = e.key.sum(&e.s, &e.k));
        let written = EdwardsPoint::compress_batch(&sums);
        holds.extend(some.iter().zip(written).map(|(e, sum)| *sum.as_bytes() == e.r));
    }
    holds
}

#[cfg(test)]
mod tests {
    use super::{Equation, OFTEN, Prepared, hold};
    use crate::encoding::from_hex;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use curve25519_dalek::{EdwardsPoint, Scalar};
    use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
    use proptest::prelude::*;
    use sha2::{Digest, Sha512};
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    /// A key as it is when it has been met often.
    fn prepared(key: VerifyingKey) -> Arc<Prepared> {
        let prepared = Arc::new(Prepared::new(key));
        prepared.met.store(OFTEN, Ordering::Relaxed);
        prepared
    }

    /// The answer, which has to be the one that `ed25519-dalek` gives.
    fn agreed(prepared: &Arc<Prepared>, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        let equation = Equation::of(prepared.clone(), message, &signature);
        let holds = equation.is_some_and(|e| hold(&[&e]) == [true]);
        assert_eq!(
            holds,
            prepared.key.verify(message, &signature).is_ok(),
            "{:?} {signature:?}",
            prepared.key
        );
        holds
    }

    fn together(r: [u8; 32], s: [u8; 32]) -> [u8; 64] {
        let mut both = [0; 64];
        both[..32].copy_from_slice(&r);
        both[32..].copy_from_slice(&s);
        both
    }

    /// 2^255 - 19 + `more`, little end first: not the canonical way to write `more`.
    fn beyond(more: u8, sign: u8) -> [u8; 32] {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xed + more, 0x7f | sign << 7);
        bytes
    }

    /// The order of the group, with `more` in the lowest byte.
    fn order(more: i8) -> [u8; 32] {
        let mut bytes = (-Scalar::ONE).to_bytes();
        bytes[0] = bytes[0].wrapping_add_signed(more + 1);
        bytes
    }

    proptest! {
        #[test]
        fn it_answers_as_the_library_does(seed: [u8; 32], message: Vec<u8>, other: Vec<u8>, any: [u8; 64], bit in 0_usize..512) {
            let signer = SigningKey::from_bytes(&seed);
            let prepared = prepared(signer.verifying_key());
            let good = signer.sign(&message).to_bytes();
            prop_assert!(agreed(&prepared, &message, &good));
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!agreed(&prepared, &message, &bad));
            prop_assert!(!agreed(&prepared, &message, &any));
            prop_assert_eq!(agreed(&prepared, &other, &good), other == message);
        }

        #[test]
        fn products_are_those_of_the_library(seed: [u8; 32], scalar: [u8; 32]) {
            let point = SigningKey::from_bytes(&seed).verifying_key().to_edwards();
            let scalar = Scalar::from_bytes_mod_order(scalar);
            let multiples = super::Multiples::of(point);
            for scalar in [scalar, -scalar, Scalar::ZERO, Scalar::ONE, -Scalar::ONE, Scalar::from(128_u8), Scalar::from(u64::MAX)] {
                let mut sum = ED25519_BASEPOINT_POINT;
                multiples.add_product(&scalar, &mut sum);
                prop_assert_eq!(sum, ED25519_BASEPOINT_POINT + scalar * point);
            }
        }
    }

    #[test]
    fn keys_and_points_of_small_order_and_numbers_written_otherwise() {
        let mut points: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|p| p.compress().to_bytes()).collect();
        points.extend((0..19).flat_map(|more| [beyond(more, 0), beyond(more, 1)]));
        let mut minus_nought = [0; 32];
        (minus_nought[0], minus_nought[31]) = (1, 0x80);
        points.push(minus_nought);
        let keys: Vec<VerifyingKey> =
            points.iter().filter_map(|p| VerifyingKey::from_bytes(p).ok()).collect();
        assert!(keys.len() > 15, "{}", keys.len());
        let mut high = order(0);
        high[31] |= 0x80;
        let numbers =
            [[0; 32], Scalar::ONE.to_bytes(), order(-1), order(0), order(1), high, [0xff; 32], [0x10; 32]];
        let mut held = 0;
        for prepared in keys.into_iter().map(prepared) {
            for (r, s) in points.iter().flat_map(|r| numbers.iter().map(move |s| (r, s))) {
                held += usize::from(agreed(&prepared, b"any message", &together(*r, *s)));
            }
        }
        assert!(held > 0, "keys of small order sign for everybody, and the library has it so");
    }

    #[test]
    fn keys_with_a_part_of_small_order() {
        let (secret, nonce) = (Scalar::from(12_345_678_901_u64), Scalar::from(987_654_321_u64));
        let r = EdwardsPoint::mul_base(&nonce).compress().to_bytes();
        let (mut held, mut failed) = (0, 0);
        for part in EIGHT_TORSION {
            let key = VerifyingKey::from(EdwardsPoint::mul_base(&secret) + part);
            let prepared = prepared(key);
            for message in (0_u8..32).map(|m| [m]) {
                let hash = Sha512::new().chain_update(r).chain_update(key.as_bytes()).chain_update(message);
                let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
                let holds = agreed(&prepared, &message, &together(r, (nonce + k * secret).to_bytes()));
                (held, failed) = (held + usize::from(holds), failed + usize::from(!holds));
            }
        }
        assert!(held > 32 && failed > 32, "{held} {failed}");
    }

    #[test]
    fn a_key_that_comes_often_is_prepared_and_answers_the_same() {
        let signer = SigningKey::from_bytes(&[3; 32]);
        let prepared = Arc::new(Prepared::new(signer.verifying_key()));
        let equation = |i: usize| {
            let message = if i % 7 == 3 { b"other".to_vec() } else { i.to_le_bytes().to_vec() };
            Equation::of(prepared.clone(), &message, &signer.sign(&i.to_le_bytes())).unwrap()
        };
        let all: Vec<Equation> = (0..OFTEN + 40).map(equation).collect();
        assert!(hold(&[]).is_empty() && prepared.multiples.get().is_none());
        let expected: Vec<bool> = (0..all.len()).map(|i| i % 7 != 3).collect();
        assert_eq!(hold(&all.iter().collect::<Vec<_>>()), expected);
        assert!(prepared.multiples.get().is_some());
    }

    #[test]
    fn wycheproof() {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
        let shared = std::env::var("COUNTERSIGN_SHARED").unwrap_or_else(|_| beside.to_owned());
        let file = format!("{shared}/vectors/wycheproof/ed25519_test.json");
        let Ok(text) = std::fs::read_to_string(file) else {
            println!("skipped: there are no vectors here");
            return;
        };
        let all: serde_json::Value = serde_json::from_str(&text).unwrap();
        let bytes = |value: &serde_json::Value| from_hex(value.as_str().unwrap()).unwrap();
        let mut count = 0;
        for group in all["testGroups"].as_array().unwrap() {
            let key =
                VerifyingKey::from_bytes(&bytes(&group["publicKey"]["pk"]).try_into().unwrap()).unwrap();
            let prepared = prepared(key);
            for test in group["tests"].as_array().unwrap() {
                let signature = <[u8; 64]>::try_from(bytes(&test["sig"]));
                let holds = signature.is_ok_and(|s| agreed(&prepared, &bytes(&test["msg"]), &s));
                assert_eq!(holds, test["result"] == "valid", "{}", test["tcId"]);
                count += 1;
            }
        }
        assert_eq!(all["numberOfTests"], count);
    }
}
