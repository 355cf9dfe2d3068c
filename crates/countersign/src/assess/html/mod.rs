//! A review as one page to open in a browser: nothing is loaded from elsewhere, and what workflows say stands in it as data
//! only.

use super::{Review, json};
use crate::report::html::{Page, block};
use std::io::{self, Write};

pub(crate) const PAGE: Page = Page {
    markup: include_str!("page.html"),
    styles: &[include_str!("../../report/html/page.css"), include_str!("page.css")],
    scripts: &[
        include_str!("../../report/html/dom.js"),
        include_str!("../../report/html/theme.js"),
        include_str!("page.js"),
    ],
};

pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    PAGE.write(out, &mut |out| {
        review.answers.iter().try_for_each(|a| block("question", &json::answered(review, a), out))?;
        let mut summary = json::summary(review);
        summary["version"] = env!("CARGO_PKG_VERSION").into();
        block("summary", &summary, out)
    })
}
