import Documents

/// One question put to a checkpoint, with the figure that was measured and what it had to meet.
package struct Check: Sendable, Equatable {
  package enum Verdict: String, Sendable, CaseIterable {
    case pass
    case fallShort = "fall-short"
    case notApplicable = "not-applicable"
  }

  package enum Bound: Sendable, Equatable {
    case atMost(Double)
    case atLeast(Double)

    func isMet(by figure: Double) -> Bool {
      // Written so that NaN meets no bound.
      switch self {
      case .atMost(let limit): figure <= limit
      case .atLeast(let limit): figure >= limit
      }
    }
  }

  /// Stable and machine-readable: `depth-constant`.
  package let id: String
  /// One line that says what the check asks.
  package let meaning: String
  package let figure: Double?
  package let bound: Bound?
  package let verdict: Verdict
  /// What was seen, or why the check does not apply.
  package let detail: String
  /// The tensor that the detail speaks of.
  package let tensor: String?

  private init(
    _ question: Question, figure: Double?, bound: Bound?, verdict: Verdict, detail: String,
    tensor: String?
  ) {
    id = question.id
    meaning = question.meaning
    self.figure = figure
    self.bound = bound
    self.verdict = verdict
    self.detail = detail
    self.tensor = tensor
  }

  /// A figure held against its bound, or only reported when there is none.
  static func measured(
    _ question: Question, _ figure: Double, bound: Bound?, detail: String, tensor: String? = nil
  ) -> Check {
    Check(
      question, figure: figure, bound: bound,
      verdict: bound?.isMet(by: figure) ?? true ? .pass : .fallShort, detail: detail,
      tensor: tensor)
  }

  /// The same with more to say.
  func noting(_ remark: String) -> Check {
    Check(
      Question(id: id, meaning: meaning), figure: figure, bound: bound, verdict: verdict,
      detail: "\(detail); \(remark)", tensor: tensor)
  }

  static func fallsShort(_ question: Question, detail: String, tensor: String? = nil) -> Check {
    Check(
      question, figure: nil, bound: nil, verdict: .fallShort, detail: detail, tensor: tensor)
  }

  static func notApplicable(_ question: Question, because reason: String) -> Check {
    Check(
      question, figure: nil, bound: nil, verdict: .notApplicable, detail: reason, tensor: nil)
  }
}

/// What a check asks, whatever the answer.
struct Question: Sendable {
  let id: String
  let meaning: String

  static let structure = Question(
    id: "structure", meaning: "every tensor that the family has, and no other, in its shape")
  static let finite = Question(id: "finite", meaning: "no weight is NaN or infinite")
  static let derived = Question(
    id: "derived", meaning: "every table of row numbers is the one that the geometry gives")
  static let patchEmbedding = Question(
    id: "identity.patch-embedding", meaning: "the 3D kernel sums to the 2D kernel over its depth")
  static let relativePositionBias = Question(
    id: "identity.relative-position-bias",
    meaning: "every table is the 2D table, brought to the 3D grid")
  static let positionEmbedding = Question(
    id: "identity.position-embedding",
    meaning: "every layer of tokens has the 2D positions, brought to the 3D grid")
  static let carriedOver = Question(
    id: "identity.carried-over",
    meaning: "every other tensor is the 2D model's, moved, joined, split or folded")
  static let depthConstant = Question(
    id: "depth-constant",
    meaning: "on a slice repeated through the depth, the 3D model computes what the 2D model does")
  static let statistics = Question(
    id: "statistics", meaning: "no tensor is dead, exploded or still as it was initialised")
  static let centreSlice = Question(
    id: "centre-slice",
    meaning: "on different slices, the 3D model computes what the 2D model does on their weighted "
      + "sum: on the middle one, for center")
  static let symmetry = Question(
    id: "symmetry", meaning: "turning the depth around changes nothing where it must not")
  static let fixture = Question(
    id: "fixture", meaning: "recorded inputs give the recorded outputs")
  static let segmentation = Question(
    id: "segmentation", meaning: "mean Dice of the foreground classes on a labelled volume")
  static let classDice = Question(
    id: "segmentation.class-dice", meaning: "the least Dice of any foreground class")
  static let intersectionOverUnion = Question(
    id: "segmentation.iou", meaning: "mean intersection over union of the foreground classes")
  static let hausdorff95 = Question(
    id: "segmentation.hausdorff95",
    meaning: "mean 95th percentile of the foreground classes' surface distances")
  static let surfaceDistance = Question(
    id: "segmentation.surface-distance",
    meaning: "mean distance from the predicted surfaces to the labels'")
  static let volumeDifference = Question(
    id: "segmentation.volume-difference",
    meaning: "the largest difference of a foreground class's volume, as a share of the labels'")
}
