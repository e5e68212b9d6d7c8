import Diagnostics

/// What the zoo knows of one published 2D checkpoint.
package struct ModelEntry: Sendable, Hashable {
  package let id: ZooName
  package let title: ProseText
  /// The family whose description names its tensors.
  package let family: ZooName
  /// What the tensors' shapes may not tell: `hidden`, `depth`, `heads`, `window`, …
  package let hyperparameters: [String: Hyperparameter]
  /// The same weights in one or more containers; the first is the preferred one.
  package let files: [ModelFile]
  package let licence: Licence
  package let trainingData: ProseText
  /// What the training asked of the model: `masked image modelling`.
  package let objective: ProseText
  package let paper: Paper?
  /// Where the publisher offers the files; for people, as nothing is contacted unasked.
  package let sources: [WebAddress]
  /// Recipes that are known to work with this checkpoint.
  package let recipes: [ZooName]
  package let note: ProseText?

  package enum Hyperparameter: Sendable, Hashable {
    case single(Int)
    /// One value a stage or axis.
    case list([Int])

    var values: [Int] {
      switch self {
      case .single(let value): [value]
      case .list(let values): values
      }
    }
  }

  package struct Paper: Sendable, Hashable {
    package let title: ProseText
    package let address: WebAddress?

    package init(title: ProseText, address: WebAddress?) {
      self.title = title
      self.address = address
    }
  }

  package static let largestHyperparameter = 1_000_000_000

  /// - Throws: `invalid-document` when a hyper-parameter's name or value is none, when there is no
  ///   file, or when two files cannot exist side by side.
  package init(
    id: ZooName, title: ProseText, family: ZooName, hyperparameters: [String: Hyperparameter],
    files: [ModelFile], licence: Licence, trainingData: ProseText, objective: ProseText,
    paper: Paper? = nil, sources: [WebAddress] = [], recipes: [ZooName] = [],
    note: ProseText? = nil
  ) throws {
    self.id = id
    self.title = title
    self.family = family
    self.hyperparameters = hyperparameters
    self.files = files
    self.licence = licence
    self.trainingData = trainingData
    self.objective = objective
    self.paper = paper
    self.sources = sources
    self.recipes = recipes
    self.note = note
    for (name, value) in hyperparameters { try ModelEntry.check(value, called: name) }
    try ModelEntry.check(files)
  }

  /// The size of all files together; nil when one of them is unknown.
  package var byteCount: Int? {
    let sizes = files.compactMap(\.size)
    return sizes.count == files.count ? sizes.reduce(0, +) : nil
  }

  private static func check(_ value: Hyperparameter, called name: String) throws {
    let place = Fault.Place(pointer: "/hyperparameters/\(name)")
    let isName =
      (1...50).contains(name.utf8.count) && name.utf8.allSatisfy(ASCII.isLetterOrDigit)
      && name.utf8.first.map { !(0x30...0x39).contains($0) } == true
    guard isName else {
      throw Fault(
        .invalidDocument, "\"\(printable(name))\" cannot be the name of a hyper-parameter",
        at: place, remedy: "use 1 to 50 letters and digits, a letter first")
    }
    guard (1...100).contains(value.values.count) else {
      throw Fault(
        .invalidDocument, "a hyper-parameter has 1 to 100 values, not \(value.values.count)",
        at: place)
    }
    guard value.values.allSatisfy((0...largestHyperparameter).contains) else {
      throw Fault(
        .invalidDocument, "a hyper-parameter lies between 0 and \(largestHyperparameter)", at: place
      )
    }
  }

  private static func check(_ files: [ModelFile]) throws {
    guard (1...1000).contains(files.count) else {
      throw Fault(
        .invalidDocument, "a model has 1 to 1000 files, not \(files.count)",
        at: .init(pointer: "/files"))
    }
    try RelativePath.checkCoexistence(of: files.map(\.name))
  }
}
