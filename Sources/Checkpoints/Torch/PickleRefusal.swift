import Diagnostics

/// What to say of a name that is not on the list.
enum PickleRefusal {
  static func fault(ofGlobal name: String, at cursor: PickleCursor) -> Fault {
    cursor.fault(
      .forbiddenPickleGlobal,
      "the pickle refers to \(printable(name)), which no state dict needs; nothing was run",
      remedy: remedy(for: name))
  }

  private static func remedy(for name: String) -> String {
    if isDangerous(name) {
      return "do not load this file in Python: this is how files run commands on their readers"
    }
    if name.hasPrefix("torch.jit.") {
      return "export the weights with torch.jit.load and torch.save(model.state_dict(), …)"
    }
    if name.hasPrefix("torch.nn.modules.") || name.hasPrefix("__main__.") {
      return "the file holds a whole model with its Python classes; if you trust it, load it where "
        + "its code is and save model.state_dict() alone"
    }
    return "the file holds Python objects beside its tensors; if you trust it, load it in Python "
      + "and save the state dict alone"
  }

  private static func isDangerous(_ name: String) -> Bool {
    let modules: Set<Substring> = [
      "__builtin__", "asyncio", "builtins", "code", "commands", "ctypes", "functools", "importlib",
      "marshal", "multiprocessing", "nt", "operator", "os", "pickle", "pip", "posix", "pty",
      "runpy", "shutil", "socket", "subprocess", "sys", "timeit", "types", "urllib", "webbrowser",
    ]
    guard let module = name.split(separator: ".").first else { return false }
    return modules.contains(module)
  }
}
