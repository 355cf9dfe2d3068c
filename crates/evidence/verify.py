#!/usr/bin/env python3
"""Verifies a bundle of evidence offline: python3 verify.py BUNDLE... --policy POLICY

The second verifier of docs/formats/bundle.md, written apart from the first. It needs Python 3.9 or later and the package
`cryptography`. A bundle is a folder or one file. The policy (C2SP tlog-policy) names the keys that you pin.
Exit codes: 0 everything holds, 1 something does not, 2 wrong use.
"""

import argparse, base64, binascii, datetime, hashlib, json, os, pathlib, re, struct, sys, unicodedata
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

SCHEMA = "countersign.bundle/1"
PREDICATE = "urn:countersign:act:1"
STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD, NAMESPACE = "application/vnd.in-toto+json", b"countersign-act@1"
UNPROVED = """Not verified: report.html; that the policy decides as recorded; values that were withheld or erased.
Cannot be proved by a bundle: that everything was recorded; that what was signed is true; anything against a quorum of
witnesses together with the ledger's key."""
LIMIT = 9007199254740992  # 2^53: whole numbers below it are exact
class Bad(Exception):
    """Something that cannot be read or does not hold, in words."""
# --- encodings -------------------------------------------------------------------------------------------------------
def sha256(data): return hashlib.sha256(data).digest()
def unbase64(text):
    try: data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as e: raise Bad(f"this is not standard base64: {e}")
    if base64.b64encode(data).decode() != text: raise Bad("this is not the canonical spelling of base64")
    return data
def unhash(text):
    data = unbase64(text)
    if len(data) != 32: raise Bad("a hash has 32 bytes")
    return data
def decimal(text):
    if not re.fullmatch(r"0|[1-9][0-9]{0,19}", text) or int(text) >= 1 << 64: raise Bad(f"`{text}` is no decimal number")
    return int(text)
def number(value):
    """A number as ECMAScript writes it (RFC 8785)."""
    if value == 0: return "0"
    if abs(value) == float("inf"): raise ValueError("a number is out of range")
    if abs(value) < LIMIT and value == int(value): return str(int(value))
    mantissa, _, exponent = repr(abs(float(value))).partition("e")
    whole, _, part = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits, sign = whole + ("" if part == "0" else part), "-" if value < 0 else ""
    point, digits = point - len(digits) + len(digits.lstrip("0")), digits.strip("0")
    if 0 < point <= 21:
        return sign + digits[:point].ljust(point, "0") + ("." + digits[point:] if len(digits) > point else "")
    if -6 < point <= 0: return sign + "0." + "0" * -point + digits
    e = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + e
def canonical(value):
    if value is None or isinstance(value, bool): return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str): return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float)): return number(value)
    if isinstance(value, list): return "[" + ",".join(map(canonical, value)) + "]"
    names = sorted(value, key=lambda n: n.encode("utf-16-be"))
    return "{" + ",".join(f"{json.dumps(n, ensure_ascii=False)}:{canonical(value[n])}" for n in names) + "}"
def once(pairs):
    if len(dict(pairs)) != len(pairs): raise ValueError("a name stands twice in one object")
    return dict(pairs)
def exact(text):
    if -(1 << 63) <= int(text) < 1 << 64 and int(float(text)) != int(text): raise ValueError(f"{text} is not exact")
    return int(text) if abs(int(text)) < LIMIT else float(text)
def refuse(text): raise ValueError(f"{text} is no JSON")
def read_json(data):
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=once, parse_int=exact, parse_constant=refuse)
        canonical(value).encode("utf-8")
        return value
    except (ValueError, OverflowError, RecursionError) as e: raise Bad(f"this cannot be read as JSON: {e}")
def read_canonical(data):
    value = read_json(data)
    if canonical(value).encode("utf-8") != data: raise Bad("this JSON is not written canonically (RFC 8785)")
    return value
def fits(value, shape):
    """Whether a value has a shape: a type, [shape], {name: shape} with exactly these names, ("map"|"opt", shape)."""
    if shape is int: return type(value) is int and 0 <= value < LIMIT
    if isinstance(shape, type): return type(value) is shape
    if isinstance(shape, list): return type(value) is list and all(fits(v, shape[0]) for v in value)
    if isinstance(shape, dict):
        return type(value) is dict and value.keys() == shape.keys() and all(fits(value[n], shape[n]) for n in shape)
    kind, inner = shape
    if kind == "opt": return value is None or fits(value, inner)
    return type(value) is dict and all(fits(v, inner) for v in value.values())
def time_text(ms):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=ms // 1000)).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
# --- trees (RFC 6962) ------------------------------------------------------------------------------------------------
def leaf_hash(data): return sha256(b"\x00" + data)
def node_hash(left, right): return sha256(b"\x01" + left + right)
def walk(fn, sn, proof, old, new):
    """From a node up to the roots of two trees that hold it (RFC 9162, sections 2.1.3.2 and 2.1.4.2)."""
    for part in proof:
        if sn == 0: raise Bad("the proof is too long")
        if fn & 1 or fn == sn:
            old, new = node_hash(part, old), node_hash(part, new)
            while fn and not fn & 1: fn, sn = fn >> 1, sn >> 1
        else: new = node_hash(new, part)
        fn, sn = fn >> 1, sn >> 1
    if sn: raise Bad("the proof is too short")
    return old, new
def check_inclusion(leaf, index, size, proof, root):
    if index >= size: raise Bad("its number is not below the size of the ledger")
    if walk(index, size - 1, proof, leaf, leaf)[1] != root: raise Bad("the proof does not lead to the root")
def check_consistency(first, second, proof, old, new):
    if first == 0 and (proof or old != sha256(b"")): raise Bad("the empty ledger has another root")
    if first == 0: return
    path, fn, sn = ([old] if first & (first - 1) == 0 else []) + proof, first - 1, second - 1
    if not path: raise Bad("there is no proof")
    while fn & 1: fn, sn = fn >> 1, sn >> 1
    if walk(fn, sn, path[1:], path[0], path[0]) != (old, new):
        raise Bad("the proof does not lead from one root to the other")
# --- notes, checkpoints, policies (C2SP) -----------------------------------------------------------------------------
def read_note(data):
    try: note = data.decode("utf-8")
    except UnicodeDecodeError: raise Bad("the note is not UTF-8")
    if any(ord(c) < 32 and c != "\n" for c in note) or not note.endswith("\n"): raise Bad("this is no signed note")
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.strip("\n"): raise Bad("the note has no signatures")
    signatures = []
    for line in lines[:-1].split("\n"):
        match = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        data = unbase64(match.group(2)) if match else b""
        if len(data) < 5: raise Bad("a line of a signature cannot be read")
        signatures.append((match.group(1), data[:4], data[4:]))
    return text + "\n", signatures
def read_checkpoint(text):
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not lines[0] or not all(lines[3:]): raise Bad("this is no checkpoint")
    return {"origin": lines[0], "size": decimal(lines[1]), "root": unhash(lines[2])}
def read_vkey(vkey, kind):
    name, key_id, key = [*vkey.split("+", 2), "", ""][:3]
    data = unbase64(key)
    if len(data) != 33 or data[0] != kind or sha256(f"{name}\n".encode() + data)[:4].hex() != key_id:
        raise Bad(f"the key `{vkey}` cannot be used")
    return {"name": name, "id": bytes.fromhex(key_id), "key": ed25519.Ed25519PublicKey.from_public_bytes(data[1:]), "kind": kind}
def read_policy(data):
    policy, quorums = {"logs": [], "witnesses": {}, "groups": {}, "quorum": None}, 0
    for line in data.decode("utf-8").split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"): continue
        if words[0] == "log" and len(words) in (2, 3): policy["logs"].append(read_vkey(words[1], 1))
        elif words[0] == "witness" and len(words) in (3, 4): policy["witnesses"][words[1]] = read_vkey(words[2], 4)
        elif words[0] == "group" and len(words) > 3:
            members = words[3:]
            k = {"any": 1, "all": len(members)}.get(words[2]) or decimal(words[2])
            known = policy["witnesses"].keys() | policy["groups"].keys()
            if not 0 < k <= len(members) or len(set(members)) != len(members) or not set(members) <= known:
                raise Bad(f"the group `{words[1]}` cannot be used")
            policy["groups"][words[1]] = (k, members)
        elif words[0] == "quorum" and len(words) == 2: policy["quorum"], quorums = words[1], quorums + 1
        else: raise Bad(f"the line `{line}` of the policy is not understood")
    names = policy["witnesses"].keys() | policy["groups"].keys() | {"none"}
    if quorums != 1 or policy["quorum"] not in names: raise Bad("the policy has not one quorum that it knows")
    return policy
def is_quorum(policy, present, name=None):
    name = policy["quorum"] if name is None else name
    if name in policy["groups"]:
        k, members = policy["groups"][name]
        return sum(is_quorum(policy, present, m) for m in members) >= k
    return name in present or name == "none"
def note_time(key, text, signatures):
    """The latest time at which a key signed (0 for a log's), or none; a bad signature in its name spoils the note."""
    times = []
    for name, key_id, signature in signatures:
        if (name, key_id) != (key["name"], key["id"]): continue
        time, message = 0, text
        if key["kind"] == 4:
            if len(signature) < 8: raise Bad(f"the cosignature of `{name}` is too short")
            time, signature = struct.unpack(">Q", signature[:8])[0], signature[8:]
            message = f"cosignature/v1\ntime {time}\n{text}"
        try: key["key"].verify(signature, message.encode())
        except InvalidSignature: raise Bad(f"the signature of `{name}` does not verify")
        times.append(time)
    return max(times, default=None)
def accept(policy, data):
    text, signatures = read_note(data)
    head = read_checkpoint(text)
    keys = [k for k in policy["logs"] if k["name"] == head["origin"]]
    if not keys: raise Bad(f"the policy knows no log `{head['origin']}`")
    if all(t is None for t in [note_time(k, text, signatures) for k in keys]):
        raise Bad("the key of the log did not sign the checkpoint")
    times = [(name, note_time(key, text, signatures)) for name, key in policy["witnesses"].items()]
    times = {name: time for name, time in times if time is not None}
    if not is_quorum(policy, times):
        raise Bad(f"it has cosignatures of {', '.join(times) or 'no known witness'}: too few for the policy's quorum")
    return head, times
# --- SSH signatures and statements -----------------------------------------------------------------------------------
def string(data): return struct.pack(">I", len(data)) + data
def strings(data, count):
    out = []
    for _ in range(count):
        end = 4 + int.from_bytes(data[:4], "big")
        if len(data) < max(end, 4): raise Bad("the SSH data is cut off")
        out, data = [*out, data[4:end]], data[end:]
    return out + [data]
def check_ssh(blob, message, signature):
    kind = strings(blob, 1)[0].decode()
    algorithm, raw, rest = strings(signature, 2)
    if kind in ("ssh-ed25519", "sk-ssh-ed25519@openssh.com"):
        if kind.startswith("sk-"): message = sha256(strings(blob, 3)[2]) + rest + sha256(message)
        ed25519.Ed25519PublicKey.from_public_bytes(strings(blob, 2)[1]).verify(raw, message)
    elif kind == "ecdsa-sha2-nistp256":
        r, s, _ = strings(raw, 2)
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), strings(blob, 3)[2])
        pair = utils.encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
        point.verify(pair, message, ec.ECDSA(hashes.SHA256()))
    elif kind == "ssh-rsa" and algorithm in (b"rsa-sha2-256", b"rsa-sha2-512"):
        _, e, n, _ = strings(blob, 3)
        public = rsa.RSAPublicNumbers(int.from_bytes(e, "big"), int.from_bytes(n, "big")).public_key()
        digest = hashes.SHA256() if algorithm == b"rsa-sha2-256" else hashes.SHA512()
        public.verify(raw, message, padding.PKCS1v15(), digest)
    else: raise Bad(f"keys of type `{kind}` are not supported")
def ssh_holds(line, message, armoured):
    try:
        lines = armoured.strip().split("\n")
        if lines[0] != "-----BEGIN SSH SIGNATURE-----" or lines[-1] != "-----END SSH SIGNATURE-----": return False
        data = base64.b64decode("".join(lines[1:-1]), validate=True)
        if data[:10] != b"SSHSIG" + struct.pack(">I", 1): return False
        key, namespace, reserved, algorithm, signature, rest = strings(data[10:], 5)
        mark = "SHA256:" + base64.b64encode(sha256(key)).decode().rstrip("=")
        if line != mark and base64.b64encode(key).decode() not in line.split()[1:2]: return False
        if namespace != NAMESPACE or rest or algorithm not in (b"sha256", b"sha512"): return False
        digest = hashlib.new(algorithm.decode(), message).digest()
        check_ssh(key, b"SSHSIG" + b"".join(map(string, (namespace, reserved, algorithm, digest))), signature)
        return True
    except (Bad, InvalidSignature, UnsupportedAlgorithm, ValueError, IndexError, struct.error): return False
def read_statement(envelope):
    if type(envelope) is not dict or envelope.get("payloadType") != PAYLOAD:
        raise Bad("the envelope holds no in-toto statement")
    payload = unbase64(envelope.get("payload"))
    read = read_json(payload)
    subjects = read.get("subject") if type(read) is dict else None
    sound = type(subjects) is list and subjects and all(type(s) is dict and s.get("digest") for s in subjects)
    if not sound or read.get("_type") != STATEMENT or read.get("predicateType") != PREDICATE:
        raise Bad("the statement is not an act")
    predicate = read.get("predicate", {})
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(predicate.get("at")), re.ASCII):
        raise Bad("the statement says no time in UTC to the second")
    message = f"DSSEv1 {len(PAYLOAD)} {PAYLOAD} {len(payload)} ".encode() + payload
    try: signatures = [unbase64(s.get("sig")).decode() for s in envelope.get("signatures") or []]
    except (UnicodeDecodeError, AttributeError) as e: raise Bad(f"a signature cannot be read: {e}")
    return {"id": "sha256:" + sha256(payload).hex(), "says": predicate, "message": message, "signatures": signatures}
def said(predicate, name):
    value = predicate.get(name) if type(predicate) is dict else None
    return value if type(value) is str else ""
# --- the bundle ------------------------------------------------------------------------------------------------------
QUERIES = {"all": {}, "change": {"entry": int}, "workflow": {"name": str}, "period": {"from": int, "to": int}}
QUERIES.update({"identity": {"name": str, "names": [str]}, "control": {"id": str}})
MANIFEST = {"coverage": {"from": int, "to": int}, "digest": str, "files": ("map", {"sha256": str, "size": int})}
MANIFEST.update({"log": str, "query": dict, "role": str, "schema": str, "selection": [int], "size": int, "withheld": [str]})
ENTRY = {"body": dict, "commitments": ("map", str), "evidence": [str], "seq": int, "source": str, "source_seq": int}
ENTRY.update({"time": int, "type": str, "v": int})
ACT = {"act": str, "allow": bool, "closure": str, "controls": [str], "environment": str, "mode": str, "verdict": bool}
ACT.update({"modes": ("map", str), "of": ("opt", int), "people": ("opt", int), "policy": ("opt", int), "rests_on": [int]})
ACT.update({"rules": [str], "subject": str, "tier": ("opt", int), "until": ("opt", int)})
MAY = {"at": int, "drill": bool}  # fields that an act need not have; what is no drill does not say so
DIGEST = r"sha256:[0-9a-f]{64}"
ANSWERS = {name: ["propose"] for name in ("withdraw", "approve", "refuse", "ask-rework", "release", "take-over")}
ANSWERS["roll-back"] = ["propose", "open-break-glass"]
ANSWERS.update({name: ["grant-exception"] for name in ("renew-exception", "end-exception")})
ANSWERS.update({name: ["open-break-glass"] for name in ("use-break-glass", "close-break-glass", "post-change-review")})
SAME_CLOSURE = ("approve", "refuse", "ask-rework", "release", "take-over")
CLOSING = ("withdraw", "release", "take-over", "end-exception", "close-break-glass")
def read_entry(line):
    e = read_canonical(line)
    sound = fits(e, ENTRY) and e["v"] == 1 and all(re.fullmatch(DIGEST, d) for d in e["evidence"])
    sound = sound and all(re.fullmatch(DIGEST, d) for d in e["commitments"].values())
    sound = sound and re.fullmatch(r"[a-z][a-z0-9._-]{0,63}", e["source"]) and len(e["type"]) <= 64
    if not sound or not re.fullmatch(r"[a-z][a-z0-9._-]*/[1-9][0-9]*", e["type"]): raise Bad("this is no entry")
    return e
def read_opening(data):
    opening = read_canonical(data)
    if type(opening) is not dict or opening.keys() != {"name", "salt", "value"} or type(opening["name"]) is not str:
        raise Bad("an opening has the fields `name`, `salt` and `value`, and no others")
    name = opening["name"].encode()
    start = b"countersign commitment v1\n" + unhash(opening["salt"]) + struct.pack(">Q", len(name)) + name
    return opening["name"], opening["value"], sha256(start + canonical(opening["value"]).encode()).hex()
def read_file(path): return pathlib.Path(path).read_bytes()
def load(path):
    if os.path.isdir(path):
        full = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
        return {os.path.relpath(f, path).replace(os.sep, "/"): read_file(f) for f in full}
    packed = read_canonical(read_file(path))
    if not fits(packed, ("map", str)) or not all(is_name(n) for n in packed): raise Bad("this is no bundle")
    return {name: unbase64(text) for name, text in packed.items()}
def is_name(name):
    return len(name) <= 200 and all(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", p) for p in name.split("/"))
class Verifier:  # verifies one bundle; `problems` holds (place, code, message)
    def __init__(self, files, policy, known=None, not_before=None):
        self.files, self.policy, self.known, self.not_before = files, policy, known, not_before
        self.problems, self.entries, self.acts, self.opened = set(), [], {}, {}
        self.statements, self.ids, self.closed, self.times, self.grounds = {}, {}, {}, {}, {}
    def bad(self, place, code, message):
        self.problems.add((f"entry {place}" if type(place) is int else place, code, str(message)))
    def run(self):
        if self.read_manifest():
            head = self.checkpoint()
            self.read_entries()
            if head: self.proofs(head)
            self.sequence()
            self.openings()
            self.evidence()
            self.read_acts()
            for seq, act in self.acts.items(): self.judge(seq, act, {s: a for s, a in self.acts.items() if s < seq})
            self.answers()
        return sorted(self.problems)
    def read_manifest(self):
        if "manifest.json" not in self.files: return self.bad("manifest.json", "file-missing", "there is no manifest")
        try:
            m = read_canonical(self.files["manifest.json"])
            shape = QUERIES.get(said(m.get("query"), "kind")) if type(m) is dict else None
            if not fits(m, MANIFEST) or shape is None or not fits(m["query"], {"kind": str, **shape}):
                raise Bad("the manifest cannot be read")
            if m["schema"] != SCHEMA: raise Bad(f"its format is not `{SCHEMA}`")
        except Bad as e: return self.bad("manifest.json", "manifest-unreadable", e)
        self.manifest = m
        if sha256(canonical({**m, "digest": ""}).encode()).hex() != m["digest"]:
            self.bad("manifest.json", "manifest-digest", "the manifest was changed")
        for name in self.files.keys() - m["files"].keys() - {"manifest.json"}:
            self.bad(name, "file-extra", "the manifest does not have this file")
        for name, known in m["files"].items():
            data = self.files.get(name)
            if not is_name(name): self.bad(name, "file-name", "a name that is not allowed")
            elif data is None: self.bad(name, "file-missing", "the file is missing")
            elif {"sha256": sha256(data).hex(), "size": len(data)} != known:
                self.bad(name, "file-digest", "the file was changed: it does not have its digest")
        return True
    def checkpoint(self):
        try: head, self.times = accept(self.policy, self.files.get("checkpoint", b""))
        except Bad as e: return self.bad("checkpoint", "checkpoint", e)
        if (head["size"], head["origin"]) != (self.manifest["size"], self.manifest["log"]):
            self.bad("manifest.json", "manifest-checkpoint", "it speaks of another checkpoint than the one that is here")
        if self.not_before is not None:
            late = {name for name, time in self.times.items() if time >= self.not_before}
            if not late or not is_quorum(self.policy, late):
                self.bad("checkpoint", "stale", "too few witnesses cosigned it at the time asked for or later")
        if self.known: self.continues(head)
        return head
    def continues(self, head):
        old, proofs = self.known, self.hashes("consistency.json")
        try:
            if old["origin"] != head["origin"] or old["size"] > head["size"]:
                raise Bad("the checkpoint kept from earlier is of another log, or has more entries")
            if old["size"] == head["size"]:
                if old["root"] != head["root"]: raise Bad("another history of the same size was seen earlier")
            else: check_consistency(old["size"], head["size"], proofs.get(old["size"], []), old["root"], head["root"])
        except Bad as e: self.bad("checkpoint", "known-checkpoint", e)
    def hashes(self, name):
        try:
            read = read_canonical(self.files.get(name, b""))
            if not fits(read, ("map", [str])): raise Bad("no map")
            return {decimal(n): [unhash(h) for h in list_] for n, list_ in read.items()}
        except Bad: return self.bad(name, "proofs-unreadable", "it does not map numbers to lists of hashes") or {}
    def read_entries(self):
        data = self.files.get("entries", b"")
        lines = data[:-1] if data.endswith(b"\n") else data
        for at, line in enumerate(lines.split(b"\n") if data else [], 1):
            try: entry = {**read_entry(line), "leaf": leaf_hash(line)}
            except Bad as e: self.bad(f"entries:{at}", "entry-unreadable", e)
            else:
                if not self.entries or self.entries[-1]["seq"] < entry["seq"]: self.entries.append(entry)
                else: self.bad(entry["seq"], "entry-order", "entries are not in the order of their numbers")
    def proofs(self, head):
        proofs = self.hashes("proofs.json")
        for entry in self.entries:
            try: check_inclusion(entry["leaf"], entry["seq"], head["size"], proofs.pop(entry["seq"], []), head["root"])
            except Bad as e: self.bad(entry["seq"], "inclusion", f"it is not in the ledger as it stands here: {e}")
        for seq in proofs: self.bad(seq, "proof-stray", "there is a proof, and no entry")
    def covers(self, seq): return self.manifest["coverage"]["from"] <= seq < self.manifest["coverage"]["to"]
    def sequence(self):
        start, end = self.manifest["coverage"]["from"], self.manifest["coverage"]["to"]
        if start > end or end > self.manifest["size"]:
            return self.bad("manifest.json", "coverage", "it says that more is here than there is")
        due = start
        for seq in [e["seq"] for e in self.entries if self.covers(e["seq"])] + [end]:
            if seq > due: self.bad(due, "coverage", f"it is missing, with all before entry {seq}")
            due = seq + 1
        before, time = {}, 0
        for e in self.entries:
            if e["time"] < time: self.bad(e["seq"], "time", "it is dated before the entry before it")
            time = e["time"]
            if not self.follows(e, before.get(e["source"]), start == 0 and e["seq"] < end):
                self.bad(e["seq"], "source-sequence", "its number in its source does not follow")
            before[e["source"]] = e
        self.borders(start, end)
    def follows(self, e, last, whole):
        if last is None: return e["source_seq"] == 0 if whole else e["source_seq"] <= e["seq"]
        step = e["source_seq"] - last["source_seq"]
        if self.covers(e["seq"]) and self.covers(last["seq"]): return step == 1
        return 0 < step <= e["seq"] - last["seq"]
    def borders(self, start, end):
        query, times = self.manifest["query"], {e["seq"]: e["time"] for e in self.entries}
        period = query["kind"] == "period"  # what was done in one may be entered later; all else takes the whole ledger
        if start and (not period or times.get(start - 1, query["from"]) >= query["from"]) or end != self.manifest["size"]:
            self.bad("manifest.json", "period-border" if period else "coverage", "nothing shows that nothing is left out")
    def openings(self):
        places = {h[7:]: (e["seq"], n) for e in self.entries for n, h in e["commitments"].items()}
        for file in [f for f in self.files if f.startswith("openings/")]:
            try: name, value, digest = read_opening(self.files[file])
            except Bad as e: self.bad(file, "opening-unreadable", e)
            else:
                seq, known = places.get(digest, (0, None))
                if file != f"openings/{digest}": self.bad(file, "opening-value", f"`{name}` is not what was committed to")
                elif known != name: self.bad(file, "opening-stray", "no entry here has this commitment")
                else: self.opened.setdefault(seq, {})[name] = value
    def evidence(self):
        named = {h[7:] for e in self.entries for h in e["evidence"]}
        for file in [f for f in self.files if f.startswith("evidence/")]:
            if sha256(self.files[file]).hex() != file[9:]: self.bad(file, "evidence-digest", "it has another digest than its name")
            elif file[9:] not in named: self.bad(file, "evidence-stray", "no entry here refers to it")
    def read_acts(self):
        for e in self.entries:
            shape = {**ACT, **{n: MAY[n] for n in MAY if n in e["body"]}}
            sound = e["type"] == "act/1" and fits(e["body"], shape) and e["body"].get("drill", True)
            act = e["body"] if sound else None
            if act: self.acts[e["seq"]] = {**act, "time": e["time"], "done": min(act.get("at", e["time"]), e["time"])}
            elif e["type"] == "act/1": self.bad(e["seq"], "act-unreadable", "the body is not that of an act")
            basis = f"change-{said(e['body'], 'of')}" if e["type"] == "basis/1" else None
            word = act["act"] if act and act["allow"] else basis
            if word in ("change-policy", "change-people"): self.grounds[e["seq"]] = word
    def by(self, seq):
        value = self.opened.get(seq, {}).get("by")
        return value if type(value) is str else None
    def same(self, a, b): return self.by(a) is not None and self.by(a) == self.by(b)
    def judge(self, seq, act, before):
        for change, what in (("change-policy", "policy"), ("change-people", "people")):
            self.in_force(seq, act[what], change, f"{what}-in-force", before)
        self.answer(seq, act, before)
        approvers = []
        for to in act["rests_on"]:
            on = self.refer(seq, to, "rests-on", before)
            if not on or on["act"] != "approve": continue
            if on["of"] != act["of"] or on["closure"] != act["closure"]:
                self.bad(seq, "rests-on-other", f"the approval in entry {to} is of something else")
            if any(self.same(a, to) for a in approvers):
                self.bad(seq, "same-person", f"the approval in entry {to} is of somebody whose approval counts already")
            approvers.append(to)
        if "statement" in self.opened.get(seq, {}): self.statement(seq, act, self.opened[seq]["statement"])
        if act["of"] is not None and act["allow"] and act["act"] in CLOSING: self.closed.setdefault(act["of"], seq)
    def in_force(self, seq, named, change, code, before):
        if not self.covers(seq): return
        start = self.manifest["coverage"]["from"]
        last = max((s for s, word in self.grounds.items() if s < seq and word == change), default=None)
        if start == 0 or (last is not None and self.covers(last)): holds = named == last
        else: holds = named is None or (named < start and self.grounds.get(named, change) == change
            and (named in self.grounds or named not in before))
        if not holds: self.bad(seq, code, f"it was decided by that of entry {named}, and in force was that of entry {last}")
    def refer(self, seq, to, code, before):
        if to not in before and to >= seq: self.bad(seq, code, f"it refers to entry {to}, which is not before it")
        elif to not in before and self.covers(to): self.bad(seq, code, f"entry {to}, to which it refers, is no act")
        elif to in before and not before[to]["allow"]: self.bad(seq, code, f"entry {to}, which it refers to, was refused")
        return before.get(to)
    def answer(self, seq, act, before):
        word, of, wanted = act["act"], act["of"], ANSWERS.get(act["act"])
        if not act["allow"]: return  # what was refused need not fit
        if of is None: return wanted and self.bad(seq, "of", f"`{word}` has to answer something, and names no entry")
        other = self.refer(seq, of, "of", before)
        if not other: return
        if wanted and other["act"] not in wanted: self.bad(seq, "of", f"`{word}` cannot answer `{other['act']}`, entry {of}")
        if "drill" in act and "drill" not in other: self.bad(seq, "drill", f"entry {of}, which it answers, is no drill")
        subjects = (act["subject"], other["subject"]) if other["act"] != "open-break-glass" else ("", "")
        if subjects[0] != subjects[1] or act["environment"] != other["environment"]:
            self.bad(seq, "of-other", f"entry {of}, which it answers, is about another subject or environment")
        if word in SAME_CLOSURE and act["closure"] != other["closure"]:
            self.bad(seq, "closure", f"entry {of}, which it answers, is about another closure")
        if of in self.closed and word != "post-change-review":
            self.bad(seq, "of-closed", f"entry {of}, which it answers, came to its end in entry {self.closed[of]}")
        if word == "use-break-glass" and other["until"] is not None and act["done"] >= other["until"]:
            self.bad(seq, "expired", f"the break-glass of entry {of} had expired")
        if word == "approve" and self.same(seq, of): self.bad(seq, "self-approval", f"whoever proposed entry {of} approved it")
    def statement(self, seq, act, envelope):
        try: s = read_statement(envelope)
        except Bad as e: return self.bad(seq, "statement-unreadable", e)
        says, subject = s["says"], s["says"].get("subject")
        same = [said(says, n) == act[n] for n in ("act", "environment")]
        same += [f"{said(subject, 'kind')}/{said(subject, 'name')}" == act["subject"]]
        same += [said(subject, "closure") == act["closure"], self.by(seq) in (None, said(says, "by"))]
        same += ["at" not in act or act["at"] < 253402300800000 and time_text(act["at"]) == says["at"]]
        glass = says.get("glass") if act["act"] == "open-break-glass" and "drill" in act else {"drill": True}
        same += [type(glass) is dict and glass.get("drill") is True]
        if not all(same): self.bad(seq, "statement-other", "what was signed is not what the entry says")
        if says["at"] > time_text(act["time"]): self.bad(seq, "statement-time", "it was signed after it was entered")
        answered = self.statements.get(act["of"])
        if answered and said(says, "of") != answered["id"]: self.bad(seq, "statement-of", "what was signed answers another statement than the entry says")
        if answered and says["at"] < answered["says"]["at"]:
            self.bad(seq, "statement-time", "it says that it was signed before what it answers")
        if act["allow"] and self.grounds.get(act["people"]) == "change-people" and act["people"] < seq: self.signer(seq, s, act["people"])
        if s["id"] in self.ids: self.bad(seq, "statement-reused", f"its statement is that of entry {self.ids[s['id']]}")
        self.ids[s["id"]] = seq
        self.statements[seq] = s
    def people(self, ground):  # of a directory that an entry puts in use, as far as they are disclosed
        values = [(n, v) for n, v in self.opened.get(ground, {}).items() if n == "content" or n.startswith("people-")]
        parts = [v if n != "content" else v.get("people") if type(v) is dict else None for n, v in values]
        return [p for part in parts if type(part) is list for p in part if type(p) is dict]
    def signer(self, seq, s, ground):
        named = next(e["commitments"] for e in self.entries if e["seq"] == ground)
        parts, people = [n for n in named if n == "content" or n.startswith("people-")], self.people(ground)
        known = any(p.get("id") == said(s["says"], "by") for p in people)
        if not known and (not parts or any(n not in self.opened.get(ground, {}) for n in parts)): return  # withheld or erased
        keys = self.keys(people, said(s["says"], "by"), s["says"]["at"])
        if not any(ssh_holds(k, s["message"], sig) for k in keys for sig in s["signatures"]):
            self.bad(seq, "signature", "it is not signed by a key that the people directory had for whom it names")
    @staticmethod
    def keys(people, person, at):
        listed = [k for p in people if p.get("id") == person and type(p.get("keys")) is list for k in p["keys"]]
        return [k["key"] for k in listed if said(k, "key") and not said(k, "revoked") and at >= said(k, "from")
                and (not said(k, "until") or at < said(k, "until"))]
    def names(self, name):  # and all others, but for keys, that the directories that are here have for who is called so
        everybody = [p for g, word in self.grounds.items() if word == "change-people" for p in self.people(g)]
        own = [values([p.get(f) for f in ("id", "name", "accounts", "former-accounts", "aliases")]) for p in everybody]
        return {n for all_ in [[name], *own] if folded(name) in map(folded, all_) for n in all_ if len(n.encode()) > 1}
    def answers(self):
        m, query, chosen = self.manifest, self.manifest["query"], []
        for e in (e for e in self.entries if self.covers(e["seq"])):
            seq, act, refers = e["seq"], self.acts.get(e["seq"]), e["body"].get("release")
            refers = act["of"] if act and act["of"] is not None else refers if type(refers) is int else None
            takes = {
                "all": lambda: True,
                "change": lambda: seq == query["entry"] or refers in chosen,
                "workflow": lambda: act is not None and act["subject"] == query["name"],
                "period": lambda: query["from"] <= (act["done"] if act else e["time"]) < query["to"],
                "identity": lambda: any(stand_in(query["names"], v) for v in self.opened.get(seq, {}).values()),
                "control": lambda: act is not None and query["id"] in act["controls"],
            }[query["kind"]]
            if takes(): chosen.append(seq)
        if query["kind"] == "identity" and not self.names(query["name"]) <= set(query["names"]):
            self.bad("manifest.json", "names", "a directory that is here has more names for whom it is about")
        if chosen != m["selection"] and not (query["kind"] == "identity" and set(chosen) <= set(m["selection"])):
            self.bad("manifest.json", "selection", "the entries that it names are not those that answer the question")
        if self.files.get("populations/acts.csv") != self.csv(m["selection"]).encode():
            self.bad("populations/acts.csv", "population", "the table is not what the entries come to")
    def csv(self, chosen):
        rows = ["entry,time,act,subject,environment,closure,allowed,mode,answers,rests on,rules"]
        for seq, a in ((s, a) for s, a in self.acts.items() if s in set(chosen)):
            cells = [str(seq), time_text(a["done"]), *(cell(a[n]) for n in ("act", "subject", "environment", "closure"))]
            cells += ["yes" if a["allow"] else "no", cell(a["mode"]), "" if a["of"] is None else str(a["of"])]
            rows.append(",".join([*cells, " ".join(map(str, a["rests_on"])), cell(" ".join(a["rules"]))]))
        return "\n".join(rows) + "\n"
WORD = "[0-9A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0300-\u036f\u0386\u0388-\u0481\u048a-\u052f\u0531-\u0556" \
    "\u0561-\u0587\u05d0-\u05ea\u0621-\u064a\u0660-\u0669\u0671-\u06d3\u1e00-\u1fbc]"
def folded(text): return "".join(c.lower() for c in unicodedata.normalize("NFC", text))
def values(value):
    if type(value) is dict: value = list(value.values())
    return [t for v in value for t in values(v)] if type(value) is list else [value] * (type(value) is str)
def texts(value):  # names of fields, and numbers, too; what is written as in addresses also as it reads
    if type(value) is dict: return texts([part for pair in value.items() for part in pair])
    if type(value) in (int, float): return [canonical(value)]
    return [t for v in value for t in texts(v)] if type(value) is list else [value, unquote(value)] if type(value) is str else []
def stand_in(names, value):  # whether one of them stands in a value, or in what was signed in it, as a word, in any case
    try: inner = read_json(unbase64(value["payload"]))
    except (Bad, TypeError, KeyError): inner = None
    start, end = f"(?:(?<!{WORD})|(?!{WORD}))", f"(?:(?!{WORD})|(?<!{WORD}))"
    words = [re.compile(start + re.escape(folded(n)) + end) for n in names if n]
    return any(w.search(folded(t)) for t in texts([value, inner]) for w in words)
HIDDEN = "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164" \
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
def cell(text): return re.sub(r"\A[=+\-@]", "_", re.sub(f'[",{HIDDEN}]', "_", text))
def shown(text): return re.sub(f"[{HIDDEN}]", "\ufffd", str(text))
def report(path, verifier, problems):
    print(f"{path}: {'it does not hold' if problems else 'everything that is here holds'}")
    for place, code, message in problems: print(f"  {shown(place)}: {shown(message)} ({code})")
    if problems: return
    m, v = verifier.manifest, verifier
    witnesses = ", ".join(f"{n} at {time_text(t * 1000)}" for n, t in v.times.items()) or "no witness"
    print(f"Verified: the checkpoint of `{m['log']}` with {m['size']} entries, cosigned by {witnesses};")
    print(f"  {len(v.entries)} entries under it, {m['coverage']['from']} to {m['coverage']['to'] - 1} without a gap;")
    print(f"  {len(v.acts)} acts fit those before them; {len(m['selection'])} {'entry answers' if len(m['selection']) == 1 else 'entries answer'} what was asked.")
    print(UNPROVED)
def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle", nargs="+", help="folders or files")
    parser.add_argument("--policy", required=True, help="whom to trust (C2SP tlog-policy)")
    parser.add_argument("--known", help="a checkpoint that you kept from earlier")
    parser.add_argument("--not-before", type=int, help="witnesses must have cosigned then or later: seconds since 1970")
    parser.add_argument("--format", choices=["plain", "json"], default="plain")
    args = parser.parse_args()
    try:
        policy = read_policy(read_file(args.policy))
        known = read_checkpoint(read_note(read_file(args.known))[0]) if args.known else None
    except (Bad, OSError, ValueError) as e: parser.error(str(e))
    failed = False
    for path in args.bundle:
        try:
            verifier = Verifier(load(path), policy, known, args.not_before)
            problems = verifier.run()
        except OSError as e: parser.error(str(e))
        except Bad as e: verifier, problems = None, [(os.path.basename(path), "bundle-unreadable", str(e))]
        failed = failed or bool(problems)
        if args.format == "json":
            listed = [{"place": p, "code": c, "message": t} for p, c, t in problems]
            print(json.dumps({"bundle": path, "holds": not problems, "problems": listed}))
        else: report(path, verifier, problems)
    sys.exit(1 if failed else 0)
if __name__ == "__main__": main()
