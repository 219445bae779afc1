"""What do two networks keep of a sentence that learned one to picture it, the other to go on with it?

Kádár, Chrupała, Alishahi 2017, "Representation of Linguistic Form and Function in Recurrent Neural Networks" (CL 43(4),
arXiv 1602.08952), on the two pathways of Imaginet: omission scores of words (`omission`), by part of speech and by
relation (`categories`), what predicts them (`regression`), and what contexts the units tell (`information`).
"""
