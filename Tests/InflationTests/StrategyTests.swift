import Diagnostics
import Tensors
import Testing

@testable import Inflation

@Suite("Strategies over the depth")
struct DepthStrategyTests {
  @Test(
    "weigh the slices",
    arguments: [
      (DepthStrategy.average, 4, [0.25, 0.25, 0.25, 0.25]), (.trilinear, 2, [0.5, 0.5]),
      (.center, 5, [0, 0, 1, 0, 0]), (.center, 4, [0, 0, 1, 0]), (.first, 3, [1, 0, 0]),
      (.last, 3, [0, 0, 1]), (.linear, 5, [1.0 / 9, 2.0 / 9, 3.0 / 9, 2.0 / 9, 1.0 / 9]),
      (.linear, 4, [1.0 / 6, 2.0 / 6, 2.0 / 6, 1.0 / 6]),
      // e^(−1/2) = 0.60653066, over 1 + 2·0.60653066.
      (.gaussian(1), 3, [0.27406862, 0.45186276, 0.27406862]),
      // So narrow that it vanishes at both slices.
      (.gaussian(1e-3), 2, [0, 1]),
    ] as [(DepthStrategy, Int, [Double])])
  func weights(strategy: DepthStrategy, depth: Int, expected: [Double]) {
    let weights = strategy.weights(depth: depth)
    #expect(zip(weights, expected).allSatisfy { abs($0 - $1) < 1e-8 }, "\(weights)")
    #expect(weights.count == depth)
  }

  @Test(
    "answer a volume of equal slices as the image, through any axis",
    arguments: DepthStrategy.examples, [0, 1, 2])
  func depthConstant(strategy: DepthStrategy, depthAxis: Int) throws {
    let shape = try Shape([2, 3, 2, 4])
    let kernel = try FloatTensor(
      shape: shape, values: (0..<48).map { Float($0 * 7 % 11) - 5.25 })
    for depth in [1, 2, 5] {
      var extents = shape.extents
      extents.insert(depth, at: 2 + depthAxis)
      let inflation = try PatchEmbeddingInflation(
        from: shape, to: Shape(extents), strategy: strategy, channels: .keep,
        depthAxis: depthAxis)
      let inflated = try inflation.apply(to: [kernel])
      #expect(inflation.exactness == .exact)
      #expect(inflated.shape.extents == extents)
      let inner = extents.dropFirst(3 + depthAxis).reduce(1, *)
      for index in kernel.values.indices {
        let (outer, rest) = (index / inner, index % inner)
        let slices = (0..<depth).map { inflated.values[(outer * depth + $0) * inner + rest] }
        #expect(abs(slices.reduce(0, +) - kernel.values[index]) < 2e-6)
        let weights = strategy.weights(depth: depth)
        #expect(
          zip(slices, weights).allSatisfy { abs($0 - kernel.values[index] * Float($1)) < 1e-6 })
      }
    }
  }

  @Test("are read as they are written", arguments: DepthStrategy.examples)
  func names(strategy: DepthStrategy) throws {
    #expect(try DepthStrategy(parsing: strategy.name) == strategy)
  }

  @Test("take their parameter after a colon or in parentheses")
  func parameters() throws {
    #expect(try DepthStrategy(parsing: "gaussian:2") == .gaussian(2))
    #expect(try DepthStrategy(parsing: "gaussian(0.5)") == .gaussian(0.5))
    #expect(try PositionDepthStrategy(parsing: "sincos-depth:0.25") == .sinusoidal(0.25))
    #expect(try PositionDepthStrategy(parsing: "sincos-depth") == .sinusoidal(1))
    #expect(try PositionDepthStrategy(parsing: "interpolate") == .tile)
    #expect(try BiasDepthStrategy(parsing: "decay(0.5)") == .decay(0.5))
    #expect(try ChannelStrategy(parsing: "select:2") == .select(2))
    #expect(try ChannelStrategy(parsing: "select(0)") == .select(0))
    #expect(try ChannelStrategy(parsing: "0,mean,2") == .list([0, nil, 2]))
    for name in ["tile", "center-only", "sincos-depth:2.0"] {
      #expect(try PositionDepthStrategy(parsing: name).name == name)
    }
    for name in ["tile", "center-only", "decay:0.5"] {
      #expect(try BiasDepthStrategy(parsing: name).name == name)
    }
    for name in ["sum", "mean", "keep", "repeat", "select:1", "0,mean"] {
      #expect(try ChannelStrategy(parsing: name).name == name)
    }
  }

  @Test(
    "that there are not are refused with those that there are",
    arguments: [
      "", "Average", "mean:1", "gaussian", "gaussian:", "gaussian:0", "gaussian:-1", "gaussian:nan",
      "gaussian:inf", "gaussian(1", "select", "select:-1", "select:1.5", "1", "0,", ",", "0,x",
      "0,-1", "decay", "decay:2", "decay:-0.1", "sincos-depth:x", "center,only",
    ])
  func unknown(text: String) {
    let parsers: [(String) throws -> Void] = [
      { _ = try DepthStrategy(parsing: $0) }, { _ = try PositionDepthStrategy(parsing: $0) },
      { _ = try BiasDepthStrategy(parsing: $0) }, { _ = try ChannelStrategy(parsing: $0) },
    ]
    for parse in parsers {
      #expect {
        try parse(text)
      } throws: {
        let fault = $0 as? Fault
        return fault?.code == .usage && fault?.remedy?.hasPrefix("say one of ") == true
      }
    }
  }
}

@Suite("Strategies for channels")
struct ChannelStrategyTests {
  /// `[1, 3, 1]`
  private let kernel = try! FloatTensor(shape: Shape([1, 3, 1]), values: [1, 2, 6])

  @Test(
    "have each their scale",
    arguments: [
      (ChannelStrategy.sum, 1, [9]), (.sum, 2, [4.5, 4.5]), (.mean, 1, [3]), (.mean, 2, [3, 3]),
      (.keep, 3, [1, 2, 6]), (.cycle, 1, [3]), (.cycle, 4, [0.75, 1.5, 4.5, 0.75]),
      (.select(1), 1, [6]), (.select(2), 3, [6, 6, 6]), (.list([2, nil]), 2, [9, 4.5]),
      (.list([0, 0, 1, nil]), 4, [0.75, 0.75, 1.5, 2.25]),
    ] as [(ChannelStrategy, Int, [Float])])
  func scales(strategy: ChannelStrategy, count: Int, expected: [Float]) throws {
    let result = try strategy.apply(to: kernel, targetChannels: count)
    #expect(result.values == expected)
    #expect(result.shape.extents == [1, count, 1])
  }

  @Test("say whether equal images still give the same")
  func exactness() throws {
    for (strategy, count) in [
      (ChannelStrategy.sum, 1), (.sum, 5), (.mean, 3), (.keep, 3), (.cycle, 6), (.cycle, 4),
      (.mean, 1), (.select(0), 3), (.list([0, nil]), 2),
    ] {
      let result = try strategy.apply(to: kernel, targetChannels: count)
      let isSame = abs(result.values.reduce(0, +) - 9) < 1e-5
      // What is exact must be the same; what happens to be the same need not be called exact.
      if strategy.isExact(from: 3, to: count) { #expect(isSame, "\(strategy.name) \(count)") }
    }
    #expect(!ChannelStrategy.mean.isExact(from: 3, to: 1))
    #expect(!ChannelStrategy.cycle.isExact(from: 3, to: 4))
    #expect(!ChannelStrategy.select(0).isExact(from: 3, to: 3))
  }

  @Test("refuse channels that are not there, with a remedy")
  func refusals() {
    for (strategy, count) in [
      (ChannelStrategy.keep, 2), (.select(3), 1), (.list([0, 3]), 2), (.list([0, 1]), 3),
    ] {
      #expect {
        try strategy.apply(to: kernel, targetChannels: count)
      } throws: {
        let fault = $0 as? Fault
        return fault?.code == .unsupportedGeometry && fault?.remedy != nil
      }
    }
  }
}
