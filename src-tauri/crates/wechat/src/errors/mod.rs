//! WeChat's error codes as data: what each means and what to do about it, in Chinese and English.
//!
//! Owns: the table and the class of every known code. Must not: look at an error's text; only codes count.
//! Invariant: a code appears once, and all four texts of every entry are filled.
//!
//! Sources: the platform's 全局返回码 page and the error lists of its interfaces (protocol sections E.5 and F.7);
//! where they name a range, every code of the range has an entry of its own.

mod component;
mod general;
mod menu;
mod oauth_page;

use std::sync::LazyLock;

use crate::error::ErrorClass;

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorAdvice {
    /// `errcode`, or the number shown on an OAuth page.
    pub code: i64,
    /// What policy makes of it.
    pub class: ErrorClass,
    /// What it means, in Chinese.
    pub meaning_zh: &'static str,
    /// What it means, in English.
    pub meaning_en: &'static str,
    /// What to do, in Chinese.
    pub advice_zh: &'static str,
    /// What to do, in English.
    pub advice_en: &'static str,
}

/// Rows of `code class "meaning zh" "meaning en" "advice zh" "advice en";`.
macro_rules! table {
    ($($code:literal $class:ident $mzh:literal $men:literal $azh:literal $aen:literal;)*) => {
        pub(super) const TABLE: &[$crate::errors::ErrorAdvice] = &[$($crate::errors::ErrorAdvice {
            code: $code,
            class: $crate::error::ErrorClass::$class,
            meaning_zh: $mzh,
            meaning_en: $men,
            advice_zh: $azh,
            advice_en: $aen,
        }),*];
    };
}
pub(crate) use table;

static ALL: LazyLock<Vec<ErrorAdvice>> = LazyLock::new(|| {
    let mut all = [general::TABLE, component::TABLE, menu::TABLE, oauth_page::TABLE].concat();
    all.sort_unstable_by_key(|entry| entry.code);
    all
});

/// Every known code, in ascending order.
pub fn all() -> &'static [ErrorAdvice] {
    &ALL
}

/// What is known about `code`.
pub fn advice(code: i64) -> Option<&'static ErrorAdvice> {
    ALL.binary_search_by_key(&code, |entry| entry.code).ok().and_then(|at| ALL.get(at))
}

/// What is known about a number that the OAuth page shows to a user; none for codes that only calls answer.
/// "redirect_uri 参数错误" without a number is what that page says for 10003.
pub fn oauth_page(code: i64) -> Option<&'static ErrorAdvice> {
    oauth_page::TABLE.iter().find(|entry| entry.code == code)
}

/// The class of `code`; unknown codes are [`ErrorClass::Other`].
pub fn class_of(code: i64) -> ErrorClass {
    advice(code).map_or(ErrorClass::Other, |entry| entry.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code of E.5, F.7 and the OAuth pages, ranges written out.
    fn documented() -> Vec<i64> {
        let ranges: &[std::ops::RangeInclusive<i64>] = &[
            -1..=0,
            40001..=40008,
            40013..=40030,
            40033..=40033,
            40035..=40035,
            40037..=40037,
            40052..=40055,
            40066..=40066,
            40091..=40091,
            40094..=40094,
            40119..=40120,
            40125..=40125,
            40163..=40164,
            40170..=40170,
            40201..=40203,
            40226..=40226,
            40243..=40243,
            41001..=41004,
            41007..=41009,
            41018..=41018,
            41021..=41021,
            42001..=42003,
            42006..=42007,
            43001..=43004,
            43007..=43007,
            43101..=43101,
            44002..=44002,
            45002..=45002,
            45009..=45011,
            45015..=45015,
            45029..=45029,
            45035..=45035,
            45047..=45048,
            45064..=45064,
            46002..=46004,
            47001..=47001,
            47003..=47003,
            48001..=48002,
            48004..=48004,
            48006..=48006,
            50001..=50002,
            50004..=50005,
            50007..=50007,
            61000..=61025,
            61028..=61030,
            65301..=65320,
            76001..=76004,
            76021..=76022,
            89000..=89004,
            89249..=89249,
            89501..=89507,
            10003..=10006,
            10009..=10013,
            10015..=10016,
        ];
        ranges.iter().cloned().flatten().collect()
    }

    #[test]
    fn every_documented_code_has_advice_in_both_languages() {
        for code in documented() {
            let entry = advice(code).unwrap_or_else(|| panic!("{code} is missing"));
            assert_eq!(entry.code, code);
        }
        for entry in all() {
            for text in [entry.meaning_zh, entry.meaning_en, entry.advice_zh, entry.advice_en] {
                assert!(!text.trim().is_empty(), "{} has an empty text", entry.code);
            }
            let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(chinese(entry.meaning_zh) && chinese(entry.advice_zh), "{} lacks Chinese", entry.code);
            assert!(entry.meaning_en.chars().any(|c| c.is_ascii_alphabetic()), "{} lacks English", entry.code);
            assert!(
                entry.advice_en.chars().filter(|c| c.is_ascii_alphabetic()).count() > 3,
                "{} lacks English",
                entry.code
            );
        }
    }

    #[test]
    fn numbers_of_the_oauth_page() {
        for code in [10003, 10004, 10005, 10006, 10009, 10010, 10011, 10012, 10013, 10015, 10016] {
            assert_eq!(oauth_page(code), advice(code), "{code}");
            assert!(oauth_page(code).is_some(), "{code}");
        }
        for code in [0, 10001, 10007, 10014, 40001] {
            assert_eq!(oauth_page(code), None, "{code}");
        }
    }

    #[test]
    fn codes_are_unique() {
        assert!(all().windows(2).all(|pair| pair[0].code < pair[1].code));
    }

    #[test]
    fn classes_that_policy_depends_on() {
        use ErrorClass::*;
        for (class, codes) in [
            (Transient, &[-1][..]),
            (RejectedToken, &[40001, 40014, 40094, 42001, 42006]),
            (Quota, &[45009, 45010, 48006]),
            (RateLimited, &[45011]),
            (NeedsAuthorization, &[61003, 61023, 42007]),
            (
                Operator,
                &[
                    40013, 40091, 40125, 40164, 40243, 41002, 41004, 45035, 61004, 61005, 61006, 61011, 50004, 50007,
                    48001,
                ],
            ),
            (ClientBug, &[41001, 43001, 43002, 44002, 47001, 40033, 61014, 61015, 61024, 40018]),
            (Other, &[0, 61009, 61010, 46003, 99999, i64::MAX, i64::MIN]),
        ] {
            for code in codes {
                assert_eq!(class_of(*code), class, "{code}");
            }
        }
    }
}
