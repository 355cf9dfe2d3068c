//! Workflows to findings: what each step does (the catalogue), and where control is broken (the rules).
