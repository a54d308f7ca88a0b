//! One query for many services: every part of a query that is for one service gets the label that tells them apart.
//!
//! `sum(rate(x{job="a"}[1m]))` for each `a` becomes `sum by (job) (rate(x{job=~"a|b"}[1m]))`, with the same numbers.
//! What cannot be rewritten with certainty is refused, and then has to be asked for each service. Nothing is
//! evaluated here. Main function: [`by_label`].

use promql_parser::label::Labels;
use promql_parser::label::MatchOp;
use promql_parser::parser;
use promql_parser::parser::AggregateExpr;
use promql_parser::parser::BinaryExpr;
use promql_parser::parser::Call;
use promql_parser::parser::Expr;
use promql_parser::parser::LabelModifier;
use promql_parser::parser::NumberLiteral;
use promql_parser::parser::ParenExpr;
use promql_parser::parser::VectorMatchCardinality;
use promql_parser::parser::VectorSelector;
use promql_parser::parser::token;
use promql_parser::parser::token::TokenType;
use promql_parser::parser::value::ValueType;

use crate::promql::refusal::Refusal;

/// What a query is for, by the label that tells it apart: services, or the parts of one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Group {
    label: String,
    names: Names,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Names {
    /// Whoever has the label.
    Labelled,
    /// Those that the pattern fits.
    Like(String),
    /// Whatever the label says, be it that there is none.
    Any,
}

impl Group {
    /// Every service that has the label.
    #[must_use]
    pub fn all(label: &str) -> Self {
        Self { label: label.to_owned(), names: Names::Labelled }
    }

    /// These services.
    #[must_use]
    pub fn of<'n>(label: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        let names: Vec<_> = names.into_iter().map(regex::escape).collect();
        Self { label: label.to_owned(), names: Names::Like(names.join("|")) }
    }

    /// The parts of what a query is for, those without the label as one: every selector is taken as it stands, so that
    /// the parts are all that the query reads.
    #[must_use]
    pub fn parts(label: &str) -> Self {
        Self { label: label.to_owned(), names: Names::Any }
    }

    /// The label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The matcher that chooses their series.
    #[must_use]
    pub fn matcher(&self) -> String {
        match &self.names {
            Names::Labelled => format!("{}!=\"\"", self.label),
            Names::Like(pattern) => format!("{}=~{}", self.label, quoted(pattern)),
            Names::Any => format!("{}=~\".*\"", self.label),
        }
    }

    fn chooses(&self, selector: &VectorSelector) -> bool {
        if !selector.matchers.or_matchers.is_empty() {
            return false;
        }
        let mut own = selector.matchers.matchers.iter().filter(|matcher| matcher.name == self.label);
        match &self.names {
            Names::Any => true,
            Names::Labelled => own.any(|matcher| matcher.op == MatchOp::NotEqual && matcher.value.is_empty()),
            Names::Like(pattern) => {
                own.any(|matcher| matches!(matcher.op, MatchOp::Re(_)) && matcher.value == *pattern)
            }
        }
    }
}

/// A text in double quotes, as `PromQL` reads it.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Rewrites a query whose selectors all have the matcher of the group, so that its answer has one part for each
/// service, told apart by the label, each with the numbers that the query for that service alone has.
///
/// Series that differ in nothing but `twins` are of one thing that was scraped twice; the larger value counts.
///
/// # Errors
/// Why it is not certain that the numbers would be the same.
pub fn by_label(query: &str, group: &Group, twins: &[String]) -> Result<String, Refusal> {
    let mut expr = parser::parse(query).map_err(|message| Refusal::error(query, &message))?;
    let rewriter = Rewriter { group, twins };
    match rewriter.part(&mut expr) {
        Ok(Shape::Number | Shape::Text) => Err(Refusal::error(query, "a query without series is of no service")),
        Ok(_) => Ok(expr.to_string()),
        Err(why) => Err(Refusal::error(query, &why)),
    }
}

/// Which labels the samples of a part have in the query for one service. A range has those of its samples.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Number,
    Text,
    /// None at all, so that there is at most one sample.
    Bare,
    /// Not the label.
    Without,
    /// The label among them.
    With,
}

impl Shape {
    const fn has_label(self) -> bool {
        matches!(self, Self::With)
    }

    const fn is_series(self) -> bool {
        matches!(self, Self::Bare | Self::Without | Self::With)
    }
}

type Shaped = Result<Shape, String>;

struct Rewriter<'g> {
    group: &'g Group,
    twins: &'g [String],
}

impl Rewriter<'_> {
    fn label(&self) -> &str {
        &self.group.label
    }

    fn has(&self, labels: &Labels) -> bool {
        labels.labels.iter().any(|label| label == self.label())
    }

    fn part(&self, expr: &mut Expr) -> Shaped {
        let shape = match expr {
            Expr::NumberLiteral(_) => Shape::Number,
            Expr::StringLiteral(text) if text.val == self.label() => return Err(format!("{} is changed", text.val)),
            Expr::StringLiteral(_) => Shape::Text,
            Expr::Paren(inner) => self.part(&mut inner.expr)?,
            Expr::Unary(inner) => self.part(&mut inner.expr)?,
            Expr::Subquery(inner) => self.part(&mut inner.expr)?,
            Expr::VectorSelector(selector) => self.selector(selector)?,
            Expr::MatrixSelector(range) => return self.selector(&range.vs),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate)?,
            Expr::Binary(binary) => self.binary(binary)?,
            Expr::Call(call) => self.call(call)?,
            Expr::Extension(_) => return Err("unknown kind of expression".to_owned()),
        };
        if !self.twins.is_empty() && reads_series(expr) {
            let inner = std::mem::replace(expr, Expr::NumberLiteral(NumberLiteral::new(0.0)));
            let twins = LabelModifier::Exclude(Labels { labels: self.twins.to_vec() });
            *expr = aggregate(token::T_MAX, inner, twins);
        }
        Ok(shape)
    }

    fn selector(&self, selector: &VectorSelector) -> Shaped {
        if self.group.chooses(selector) {
            return Ok(Shape::With);
        }
        Err(format!("not every selector is for the service: {selector}"))
    }

    fn aggregate(&self, aggregate: &mut AggregateExpr) -> Shaped {
        let parameter = aggregate.param.as_deref_mut().map(|param| self.part(param)).transpose()?;
        if parameter.is_some_and(Shape::is_series) {
            return Err(format!("the parameter of {} is of series", aggregate.op));
        }
        let inner = self.part(&mut aggregate.expr)?;
        let grouped = match &mut aggregate.modifier {
            None => {
                aggregate.modifier = Some(LabelModifier::Include(Labels::new(vec![self.label()])));
                Shape::Bare
            }
            Some(LabelModifier::Include(labels)) => {
                let (has, is_empty) = (self.has(labels), labels.is_empty());
                if !has {
                    labels.labels.push(self.label().to_owned());
                }
                match (has && inner.has_label(), is_empty) {
                    (true, _) => Shape::With,
                    (false, true) => Shape::Bare,
                    (false, false) => Shape::Without,
                }
            }
            Some(LabelModifier::Exclude(labels)) => {
                let has = self.has(labels);
                labels.labels.retain(|label| label != self.label());
                if has { Shape::Without } else { inner }
            }
        };
        Ok(match aggregate.op.id() {
            // These choose among the samples and leave them as they are.
            token::T_TOPK | token::T_BOTTOMK | token::T_LIMITK | token::T_LIMIT_RATIO => inner,
            token::T_COUNT_VALUES if grouped == Shape::Bare => Shape::Without,
            _ => grouped,
        })
    }

    fn call(&self, call: &mut Call) -> Shaped {
        let name = call.func.name;
        if matches!(name, "absent" | "absent_over_time" | "scalar" | "info") {
            return Err(format!("{name} cannot tell services apart"));
        }
        let mut series = None;
        for argument in &mut call.args.args {
            let shape = self.part(argument)?;
            if shape.is_series() && series.replace(shape).is_some() {
                return Err(format!("{name} of two series"));
            }
        }
        match series {
            // What is relabelled is not bare any more.
            Some(Shape::Bare) if name.starts_with("label_") => Ok(Shape::Without),
            Some(shape) => Ok(shape),
            None if call.func.return_type == ValueType::Scalar => Ok(Shape::Number),
            None => Err(format!("{name} is not of the series of a service")),
        }
    }

    fn binary(&self, binary: &mut BinaryExpr) -> Shaped {
        let matching = binary.modifier.as_ref().and_then(|modifier| modifier.matching.as_ref());
        if !binary.op.is_set_operator() && matching.is_none() {
            for is_left in [true, false] {
                if let Some(shape) = self.with_zero(binary, is_left)? {
                    return Ok(shape);
                }
            }
        }
        let (left, right) = (self.part(&mut binary.lhs)?, self.part(&mut binary.rhs)?);
        match (left.is_series(), right.is_series()) {
            (true, true) => self.matched(binary, left, right),
            (true, false) => Ok(left),
            (false, true) => Ok(right),
            (false, false) => Ok(Shape::Number),
        }
    }

    /// An operator between two series: they match within a service only.
    fn matched(&self, binary: &mut BinaryExpr, left: Shape, right: Shape) -> Shaped {
        let is_or = binary.op.id() == token::T_LOR;
        let is_set = binary.op.is_set_operator();
        let alike = left.has_label() == right.has_label();
        let mixed = || Err(format!("one side of {} has the label {} and the other has not", binary.op, self.label()));
        let mut result = match (left, right) {
            (Shape::Bare, Shape::Bare) => Shape::Bare,
            _ if left.has_label() && right.has_label() => Shape::With,
            _ => Shape::Without,
        };
        if is_or && !alike {
            return mixed();
        }
        let Some(modifier) = &mut binary.modifier else {
            return if alike { Ok(result) } else { mixed() };
        };
        if modifier.fill_values.lhs.is_some() || modifier.fill_values.rhs.is_some() {
            return Err("fill has values for services that have none".to_owned());
        }
        match &mut modifier.matching {
            Some(LabelModifier::Include(labels)) if !self.has(labels) => {
                result = if labels.is_empty() { Shape::Bare } else { Shape::Without };
                labels.labels.push(self.label().to_owned());
            }
            Some(LabelModifier::Include(_)) if !(left.has_label() && right.has_label()) => return mixed(),
            Some(LabelModifier::Exclude(labels)) if self.has(labels) => {
                result = Shape::Without;
                labels.labels.retain(|label| label != self.label());
            }
            None | Some(LabelModifier::Exclude(_)) if !alike => return mixed(),
            _ => {}
        }
        match &modifier.card {
            VectorMatchCardinality::ManyToOne(labels) | VectorMatchCardinality::OneToMany(labels)
                if self.has(labels) =>
            {
                Err(format!("the label {} is taken over", self.label()))
            }
            VectorMatchCardinality::ManyToOne(_) => Ok(left),
            VectorMatchCardinality::OneToMany(_) => Ok(right),
            _ if is_set && !is_or => Ok(left),
            // The labels of both sides come together, matched by whatever.
            _ if is_or => Ok(if left == right { left } else { Shape::Without }),
            _ => Ok(result),
        }
    }

    /// `(A or vector(0)) / B`: a service has the zero if it has B. `None` where it is something else.
    fn with_zero(&self, binary: &mut BinaryExpr, is_left: bool) -> Result<Option<Shape>, String> {
        let (zero_side, other) =
            if is_left { (&mut binary.lhs, &mut binary.rhs) } else { (&mut binary.rhs, &mut binary.lhs) };
        let Expr::Binary(either) = bare(zero_side) else { return Ok(None) };
        let matching = either.modifier.as_ref().and_then(|modifier| modifier.matching.as_ref());
        let (token::T_LOR, None, Some(number)) = (either.op.id(), matching, constant(&mut either.rhs)) else {
            return Ok(None);
        };
        let left = self.part(&mut either.lhs)?;
        let right = self.part(other)?;
        if left != Shape::Bare || right != Shape::Bare {
            return Err("vector() beside something that has labels".to_owned());
        }
        let label = LabelModifier::Include(Labels::new(vec![self.label()]));
        let known = aggregate(token::T_GROUP, (**other).clone(), label);
        let number = Expr::NumberLiteral(NumberLiteral::new(number));
        let times = TokenType::new(token::T_MUL);
        let constant = BinaryExpr { op: times, lhs: Box::new(known), rhs: Box::new(number), modifier: None };
        *either.rhs = Expr::Paren(ParenExpr { expr: Box::new(Expr::Binary(constant)) });
        Ok(Some(Shape::Bare))
    }
}

fn aggregate(op: token::TokenId, expr: Expr, modifier: LabelModifier) -> Expr {
    let (op, modifier) = (TokenType::new(op), Some(modifier));
    Expr::Aggregate(AggregateExpr { op, expr: Box::new(expr), param: None, modifier })
}

/// Without the parentheses around it.
pub(super) fn bare(expr: &mut Expr) -> &mut Expr {
    match expr {
        Expr::Paren(inner) => bare(&mut inner.expr),
        other => other,
    }
}

/// The number of `vector(number)`.
fn constant(expr: &mut Expr) -> Option<f64> {
    let Expr::Call(call) = bare(expr) else { return None };
    if call.func.name != "vector" {
        return None;
    }
    match call.args.args.first_mut().map(|argument| bare(argument)) {
        Some(Expr::NumberLiteral(number)) => Some(number.val),
        _ => None,
    }
}

/// Whether samples become values here: a selector, or a function of a range of one.
fn reads_series(expr: &Expr) -> bool {
    match expr {
        Expr::VectorSelector(_) => true,
        Expr::Call(call) => call.args.args.iter().any(|argument| matches!(**argument, Expr::MatrixSelector(_))),
        _ => false,
    }
}
