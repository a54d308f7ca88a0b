//! From the parser's tree to ours: everything that is not supported is refused here, by name.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use std::time::SystemTime;

use promql_parser::label::MatchOp;
use promql_parser::parser;
use promql_parser::parser::AggregateExpr;
use promql_parser::parser::AtModifier;
use promql_parser::parser::BinaryExpr;
use promql_parser::parser::Expr;
use promql_parser::parser::LabelModifier;
use promql_parser::parser::Offset;
use promql_parser::parser::VectorMatchCardinality;
use promql_parser::parser::VectorSelector;
use promql_parser::parser::token;
use promql_parser::parser::value::ValueType;
use regex::Regex;

use crate::promql::bytes;
use crate::promql::compile_call;
use crate::promql::disguise;
use crate::promql::grouping::Projection;
use crate::promql::pattern::Pattern;
use crate::promql::plan::Aggregate;
use crate::promql::plan::Aggregation;
use crate::promql::plan::Anchor;
use crate::promql::plan::Binary;
use crate::promql::plan::Cardinality;
use crate::promql::plan::Keep;
use crate::promql::plan::Node;
use crate::promql::plan::Operator;
use crate::promql::plan::OverTime;
use crate::promql::plan::RangeFunction;
use crate::promql::plan::Shift;
use crate::promql::plan::Subquery;
use crate::promql::plan::Window;
use crate::promql::refusal;
use crate::promql::refusal::Refusal;
use crate::promql::selector::Matcher;
use crate::promql::selector::Selector;
use crate::promql::selector::Test;
use crate::promql::variables;

/// A text longer than this is not a query.
const MOST_BYTES: usize = 16_384;
/// The trees are walked by recursion: so many operators and parentheses are safe on a small stack.
const MOST_OPERATORS: usize = 500;

/// Reads a query.
pub(super) fn compile(query: &str) -> Result<Node, Refusal> {
    read(query, whole)
}

/// Reads a query whose result is a range of samples; what it gives is that range, under a function.
pub(super) fn compile_range(query: &str) -> Result<Node, Refusal> {
    read(query, |compiler, expr| {
        let window = compiler.window(expr)?;
        Ok(Node::OverTime(Box::new(OverTime { function: RangeFunction::Last, window, parameter: None })))
    })
}

fn whole(compiler: Compiler<'_>, expr: &Expr) -> Result<Node, Refusal> {
    if expr.value_type() == ValueType::Matrix {
        return Err(compiler.feature("a range of samples as the result"));
    }
    compiler.node(expr)
}

fn read(query: &str, whole: fn(Compiler<'_>, &Expr) -> Result<Node, Refusal>) -> Result<Node, Refusal> {
    let patterns = RefCell::default();
    let spelled = bytes::spelled(query);
    let text = spelled.as_ref().map_or(query, |spelled| &spelled.text);
    let torn = spelled.as_ref().is_some_and(|spelled| spelled.torn);
    let compiler = Compiler { query, patterns: &patterns, disguised: false, torn };
    compiler.check_size()?;
    if let Some(name) = variables::first_unknown(&refusal::unquoted(query)) {
        return Err(compiler.unknown_variable(name));
    }
    if let Some(number) = refusal::endless_duration(query) {
        return Err(compiler.error(&format!("a range, step or offset of {number} seconds is out of bounds")));
    }
    if let Some(disguised) = disguise::disguise(text)
        && !torn
        && let Ok(expr) = parser::parse(&disguised)
        && let Ok(node) = whole(Compiler { disguised: true, ..compiler }, &expr)
    {
        return Ok(node);
    }
    let expr = parser::parse(text).map_err(|message| match refusal::unknown_to_the_parser(query) {
        Some(feature) => compiler.feature(feature),
        None => compiler.error(&message),
    })?;
    let node = whole(compiler, &expr)?;
    if torn { Err(compiler.feature("a text that is not valid UTF-8")) } else { Ok(node) }
}

/// What every step needs: the query itself, to be named in a refusal, and the expressions that it has compiled.
#[derive(Clone, Copy)]
pub(super) struct Compiler<'q> {
    query: &'q str,
    patterns: &'q RefCell<BTreeMap<String, Arc<Regex>>>,
    /// Whether the parser was shown equalities in the place of plain patterns.
    disguised: bool,
    /// Whether a text of the query is not valid UTF-8, so that the parser was shown something else.
    torn: bool,
}

impl Compiler<'_> {
    pub(super) fn error(self, message: &str) -> Refusal {
        Refusal::error(self.query, message)
    }

    pub(super) fn feature(self, feature: &str) -> Refusal {
        Refusal::feature(self.query, feature)
    }

    fn unknown_variable(self, name: &str) -> Refusal {
        let known = variables::NAMES.join(", $");
        self.error(&format!("the variable {name} is unknown; known are ${known}"))
    }

    fn check_size(self) -> Result<(), Refusal> {
        let text = refusal::unquoted(self.query);
        let signs = text.matches(['(', '+', '-', '*', '/', '%', '^', '<', '>', '=', '!', '[']).count();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let words = words.filter(|w| ["and", "or", "unless", "atan2"].iter().any(|op| op.eq_ignore_ascii_case(w)));
        if self.query.len() > MOST_BYTES || signs + words.count() > MOST_OPERATORS {
            return Err(self.error("the query is too long: more than 16 KiB or 500 operators and parentheses"));
        }
        Ok(())
    }

    pub(super) fn node(self, expr: &Expr) -> Result<Node, Refusal> {
        Ok(match expr {
            Expr::NumberLiteral(number) => Node::Number(number.val),
            Expr::StringLiteral(text) => Node::Text(text.val.clone()),
            Expr::Paren(inner) => self.node(&inner.expr)?,
            Expr::Unary(negated) => Node::Negate(Box::new(self.node(&negated.expr)?)),
            Expr::VectorSelector(selector) => Node::Select(self.selector(selector)?),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate)?,
            Expr::Binary(binary) => self.binary(binary)?,
            Expr::Call(call) => compile_call::call(self, call)?,
            Expr::MatrixSelector(_) | Expr::Subquery(_) => {
                return Err(self.error("a range of samples is no value here"));
            }
            Expr::Extension(_) => return Err(self.error("unknown kind of expression")),
        })
    }

    /// A part that must be a vector.
    pub(super) fn vector(self, expr: &Expr) -> Result<Node, Refusal> {
        self.typed(expr, ValueType::Vector)
    }

    /// A part that must be a number.
    pub(super) fn scalar(self, expr: &Expr) -> Result<Node, Refusal> {
        self.typed(expr, ValueType::Scalar)
    }

    fn typed(self, expr: &Expr, wanted: ValueType) -> Result<Node, Refusal> {
        if expr.value_type() != wanted {
            return Err(self.error(&format!("expected a {wanted}, found a {} in {expr}", expr.value_type())));
        }
        self.node(expr)
    }

    /// A part that must be a text.
    pub(super) fn text(self, expr: &Expr) -> Result<String, Refusal> {
        match bare(expr) {
            Expr::StringLiteral(text) => Ok(text.val.clone()),
            other => Err(self.error(&format!("expected a text in quotes, found {other}"))),
        }
    }

    /// A part that must be the name of a label.
    pub(super) fn label(self, expr: &Expr, function: &str) -> Result<String, Refusal> {
        match self.text(expr)? {
            name if name.is_empty() => Err(self.error(&format!("{function} needs the name of a label"))),
            name if self.torn && name.contains(char::REPLACEMENT_CHARACTER) => {
                Err(self.error(&format!("the name of a label in {function} is not valid UTF-8")))
            }
            name => Ok(name),
        }
    }

    /// A part that must be a range.
    pub(super) fn window(self, expr: &Expr) -> Result<Window, Refusal> {
        match bare(expr) {
            Expr::MatrixSelector(matrix) => {
                Ok(Window::Select { selector: self.selector(&matrix.vs)?, range_ms: self.range(matrix.range)? })
            }
            Expr::Subquery(subquery) => {
                let step_ms = subquery.step.map(millis);
                if step_ms == Some(0) {
                    return Err(self.error("the step of a subquery must be at least 1ms"));
                }
                Ok(Window::Subquery(Box::new(Subquery {
                    node: self.vector(&subquery.expr)?,
                    range_ms: self.range(subquery.range)?,
                    step_ms,
                    shift: shift(subquery.at.as_ref(), subquery.offset.as_ref()),
                })))
            }
            other => Err(self.error(&format!("expected a range such as metric[5m], found {other}"))),
        }
    }

    fn range(self, range: Duration) -> Result<i64, Refusal> {
        match millis(range) {
            0 => Err(self.error("a range must be at least 1ms")),
            range => Ok(range),
        }
    }

    pub(super) fn selector(self, selector: &VectorSelector) -> Result<Selector, Refusal> {
        if !selector.matchers.or_matchers.is_empty() {
            return Err(self.feature("or between the matchers of one selector"));
        }
        let mut name = selector.name.clone();
        let mut matchers = Vec::new();
        for matcher in &selector.matchers.matchers {
            if let Some(unknown) = variables::first_unknown(&matcher.value) {
                return Err(self.unknown_variable(unknown));
            }
            if self.disguised
                && let Some(test) = disguise::revealed(&matcher.value)
            {
                matchers.push(Matcher { label: matcher.name.clone(), test });
                continue;
            }
            match &matcher.op {
                MatchOp::Equal if matcher.name == "__name__" && name.is_none() => name = Some(matcher.value.clone()),
                op => {
                    let test = self.test(op, &matcher.value)?;
                    matchers.push(Matcher { label: matcher.name.clone(), test });
                }
            }
        }
        Ok(Selector { name, matchers, shift: shift(selector.at.as_ref(), selector.offset.as_ref()) })
    }

    fn test(self, op: &MatchOp, value: &str) -> Result<Test, Refusal> {
        Ok(match op {
            MatchOp::Equal => Test::Is(value.to_owned()),
            MatchOp::NotEqual => Test::IsNot(value.to_owned()),
            MatchOp::Re(pattern) => Test::Like(self.pattern(pattern)?),
            MatchOp::NotRe(pattern) => Test::Unlike(self.pattern(pattern)?),
        })
    }

    fn pattern(self, compiled: &Regex) -> Result<Pattern, Refusal> {
        let text = inner_pattern(compiled);
        match Pattern::plain(text) {
            Some(plain) => Ok(plain),
            // Only to a dot does it matter that the parser's own does not match line breaks.
            None if !text.contains('.') => Ok(Pattern::Regex(Arc::new(compiled.clone()))),
            None => self.anchored(text).map(Pattern::Regex),
        }
    }

    /// A regular expression that must match the whole value; `.` matches line breaks too, as in Prometheus 3.
    /// Compiled once in a query.
    pub(super) fn anchored(self, pattern: &str) -> Result<Arc<Regex>, Refusal> {
        if let Some(known) = self.patterns.borrow().get(pattern) {
            return Ok(Arc::clone(known));
        }
        let regex = Regex::new(&format!("^(?s:{pattern})$")).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
            self.error(&format!("invalid regular expression {pattern:?}: {reason}"))
        })?;
        let regex = Arc::new(regex);
        self.patterns.borrow_mut().insert(pattern.to_owned(), Arc::clone(&regex));
        Ok(regex)
    }

    fn aggregate(self, aggregate: &AggregateExpr) -> Result<Node, Refusal> {
        let parameter = || {
            let param = aggregate.param.as_deref().ok_or_else(|| self.error("an aggregation lacks its parameter"))?;
            Ok::<_, Refusal>(param)
        };
        let operator = match aggregate.op.id() {
            token::T_SUM => Aggregation::Sum,
            token::T_AVG => Aggregation::Average,
            token::T_COUNT => Aggregation::Count,
            token::T_MIN => Aggregation::Minimum,
            token::T_MAX => Aggregation::Maximum,
            token::T_GROUP => Aggregation::Group,
            token::T_STDDEV => Aggregation::Deviation,
            token::T_STDVAR => Aggregation::Variance,
            token::T_QUANTILE => Aggregation::Quantile(self.scalar(parameter()?)?),
            token::T_TOPK => Aggregation::Top(self.scalar(parameter()?)?),
            token::T_BOTTOMK => Aggregation::Bottom(self.scalar(parameter()?)?),
            token::T_COUNT_VALUES => Aggregation::CountValues(self.label(parameter()?, "count_values")?),
            _ => return Err(self.feature(&format!("the experimental aggregation {}", aggregate.op))),
        };
        let groups = match &aggregate.modifier {
            None => Projection::only(Vec::new()),
            Some(LabelModifier::Include(labels)) => Projection::only(labels.labels.clone()),
            Some(LabelModifier::Exclude(labels)) => Projection::without(labels.labels.clone()),
        };
        Ok(Node::Aggregate(Box::new(Aggregate { operator, argument: self.vector(&aggregate.expr)?, groups })))
    }

    fn binary(self, binary: &BinaryExpr) -> Result<Node, Refusal> {
        let modifier = binary.modifier.as_ref();
        if modifier.is_some_and(|m| m.fill_values.lhs.is_some() || m.fill_values.rhs.is_some()) {
            return Err(self.feature("the matching modifier fill"));
        }
        let (left, right) = (self.node(&binary.lhs)?, self.node(&binary.rhs)?);
        let on = match modifier.and_then(|modifier| modifier.matching.as_ref()) {
            Some(LabelModifier::Include(labels)) => Projection::only(labels.labels.clone()),
            Some(LabelModifier::Exclude(labels)) => Projection::without(labels.labels.clone()),
            None => Projection::without(Vec::new()),
        };
        if let Some(keep) = set_operator(binary.op.id()) {
            if binary.lhs.value_type() != ValueType::Vector || binary.rhs.value_type() != ValueType::Vector {
                return Err(self.error(&format!("{} needs a vector on both sides", binary.op)));
            }
            return Ok(Node::Set { keep, left: Box::new(left), right: Box::new(right), on });
        }
        let operator = operator(binary.op.id()).ok_or_else(|| self.feature(&format!("the operator {}", binary.op)))?;
        let cardinality = match modifier.map(|modifier| &modifier.card) {
            Some(VectorMatchCardinality::ManyToOne(labels)) => Cardinality::ManyToOne(labels.labels.clone()),
            Some(VectorMatchCardinality::OneToMany(labels)) => Cardinality::OneToMany(labels.labels.clone()),
            _ => Cardinality::OneToOne,
        };
        let to_bool = binary.return_bool();
        Ok(Node::Arithmetic(Box::new(Binary { operator, left, right, to_bool, on, cardinality })))
    }
}

/// An expression without the parentheses around it.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        other => other,
    }
}

/// The expression inside the parser's own anchors: it has escaped what Go takes literally and Rust does not.
fn inner_pattern(pattern: &Regex) -> &str {
    let text = pattern.as_str();
    text.strip_prefix("^(?:").and_then(|text| text.strip_suffix(")$")).unwrap_or(text)
}

fn set_operator(id: token::TokenId) -> Option<Keep> {
    Some(match id {
        token::T_LAND => Keep::And,
        token::T_LOR => Keep::Or,
        token::T_LUNLESS => Keep::Unless,
        _ => return None,
    })
}

fn operator(id: token::TokenId) -> Option<Operator> {
    Some(match id {
        token::T_ADD => Operator::Add,
        token::T_SUB => Operator::Subtract,
        token::T_MUL => Operator::Multiply,
        token::T_DIV => Operator::Divide,
        token::T_MOD => Operator::Modulo,
        token::T_POW => Operator::Power,
        token::T_ATAN2 => Operator::Atan2,
        token::T_EQLC => Operator::Equal,
        token::T_NEQ => Operator::NotEqual,
        token::T_GTR => Operator::Greater,
        token::T_LSS => Operator::Less,
        token::T_GTE => Operator::GreaterOrEqual,
        token::T_LTE => Operator::LessOrEqual,
        _ => return None,
    })
}

fn shift(at: Option<&AtModifier>, offset: Option<&Offset>) -> Shift {
    let at = match at {
        None => Anchor::Now,
        Some(AtModifier::Start) => Anchor::Start,
        Some(AtModifier::End) => Anchor::End,
        Some(AtModifier::At(time)) => Anchor::At(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => millis(since),
            Err(before) => -millis(before.duration()),
        }),
    };
    let offset_ms = match offset {
        None => 0,
        Some(Offset::Pos(by)) => millis(*by),
        Some(Offset::Neg(by)) => -millis(*by),
    };
    Shift { at, offset_ms }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
